"""How busy a run is gets sampled often at first, and less and less: the ledger grows little by it."""

from memory_import.ledger.database.records import RequestCount
from memory_import.ledger.database.samples import Sampler


class Moment:
    def __init__(self) -> None:
        self.seconds = self.held = 0.0


def make_sampler(moment: Moment) -> Sampler:
    return Sampler(lambda: moment.seconds, lambda: moment.held)


def test_counts_add_up_until_a_sample_is_due() -> None:
    moment = Moment()
    sampler = make_sampler(moment)
    moment.seconds = 0.1
    assert sampler.add(RequestCount({"202": 2, "429": 1}, {}, 0, 4), is_last=False) is None
    moment.seconds, moment.held = 0.5, 0.25
    sample = sampler.add(RequestCount({"200": 1}, {}, 0, 2), is_last=False)
    assert sample is not None
    assert (sample.seconds, sample.requests, sample.throttled) == (0.5, 4, 1)
    assert (sample.in_flight, sample.held_seconds) == (4, 0.25)
    moment.seconds = 1.0
    again = sampler.add(RequestCount({"200": 1}), is_last=False)
    assert again is not None
    assert (again.seconds, again.requests, again.held_seconds) == (0.5, 1, 0.0)


def test_the_last_sample_holds_what_is_left_and_there_is_none_of_nothing() -> None:
    sampler = make_sampler(Moment())
    assert sampler.add(RequestCount(), is_last=True) is None
    sample = sampler.add(RequestCount({"202": 1}), is_last=True)
    assert sample is not None
    assert sample.requests == 1


def test_a_day_makes_a_few_thousand_samples() -> None:
    moment = Moment()
    sampler = make_sampler(moment)
    made = 0
    for second in range(1, 86_401):
        moment.seconds = float(second)
        made += sampler.add(RequestCount({"202": 1}), is_last=False) is not None
    assert 1_000 < made < 2_500
