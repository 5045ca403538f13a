"""Names of people as sets of hashed words: what tells two people apart who share an identifier value.

Case, diacritics, apostrophes and order do not count: `Müller, Ana` and `ANA MUELLER` are one name. A word is
an *initial* where it is one letter that has case (`J`, never `李`). A name is *full* where it has two words
or more and no initial. It is *inside* another where each of its words has a word of the other for itself,
the same or a longer one that it begins with an initial or with three letters and more; see `inside`. Words
of scripts without case begin no other: `欧阳娜` is not short for `欧阳娜娜`. What stands in place of a name,
such as `Unknown` or `Guest Customer`, is none.

Words are known by hashes alone, so that names can be compared of which nothing else was kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from memory_import.transforms.alignment import gather_lists

HashWords = Callable[[pl.Series], pl.Series]
"""Words (String) to their hashes (UInt64), row for row."""

BLANK = 0
"""The name of whoever has none."""

_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}
_APOSTROPHES = "['’‘ʼʻ`´]"
_DIACRITICS = "[\u0300-\u036f]"  # not every mark: those of other scripts tell names apart
_PLAIN = "^[A-Za-z0-9']*$"
_WORD = r"[\p{L}\p{N}\p{M}]+"
_SPELLED_UMLAUT = "(^|[^aeq])([aou])e"  # Mueller is Müller; Bauer and Queen are neither
_SEED = 20_261_128
_LONGEST_BEGINNING = 32
_NOBODY = (
    r"(?i)^[^\p{L}\p{N}]*(?:(?:unknown|unbekannt|inconnu|desconocido|sconosciuto|undefined|unnamed|anonymous"
    r"|none|null|nil|n/a|no ?name|not (?:provided|given|available|known)|guest|customer|client|test|user)"
    r"(?:[^\p{L}\p{N}]+|$))*$"
)
"""What forms and exports put where a name must be."""
_HAS_WORD = r"[\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{N}]"  # some modifiers are apostrophes, which count for nothing

KEYS_SCHEMA = {"claimant": pl.Int64, "name": pl.UInt64}
WORDS_SCHEMA = {"name": pl.UInt64, "word": pl.UInt64}
BEGINS_SCHEMA = {"word": pl.UInt64, "begin": pl.UInt64, "letters": pl.Int64}
_MADE_SCHEMA = dict.fromkeys(("key", "word", "first", "third"), pl.UInt64)
_MOST_MADE = 200_000


@dataclass(frozen=True)
class Names:
    """The names of claimants. A claimant that is not listed has none.

    `keys`: `claimant` Int64, `name` UInt64, the sum of the hashes of its words (wrapping), BLANK without any.
    `words`: `name`, `word` UInt64: each name's distinct words.
    `begins`: `word`, `begin` UInt64, `letters` Int64: what may stand for a word, its first letter if that has
        case and its first three, four, … letters, up to the whole word.
    """

    keys: pl.DataFrame
    words: pl.DataFrame
    begins: pl.DataFrame

    def __add__(self, other: "Names") -> "Names":
        """The names of the claimants of both, made with the same hashes."""
        if other.keys.is_empty():
            return self
        return Names(
            pl.concat([self.keys, other.keys]),
            pl.concat([self.words, other.words]).unique(),
            pl.concat([self.begins, other.begins]).unique(),
        )

    @cached_property
    def begun(self) -> pl.DataFrame:
        """`word`, `begin`: the words that another word begins."""
        is_other = pl.col("begin") != pl.col("word")
        is_word = pl.col("begin").is_in(self.words["word"].unique().implode())
        return self.begins.filter(is_other, is_word).select("word", "begin")

    @cached_property
    def beginning(self) -> pl.Series:
        """The names (UInt64) that have a word which begins another."""
        return self.words.filter(pl.col("word").is_in(self.begun["begin"].implode()))["name"].unique()

    @cached_property
    def sizes(self) -> pl.DataFrame:
        """`name`, `size` UInt32: how many words each name has."""
        return self.words.group_by("name").agg(size=pl.len().cast(pl.UInt32))

    def find_full(self) -> pl.Series:
        """The names (UInt64) of two words or more, none of them an initial."""
        initials = self.begins.filter(pl.col("letters") == 1, pl.col("begin") == pl.col("word"))["word"]
        with_initial = self.words.filter(pl.col("word").is_in(initials.implode()))["name"]
        several = self.sizes.filter(pl.col("size") > 1)["name"]
        return several.filter(~several.is_in(with_initial.implode()))


def is_name(text: pl.Expr) -> pl.Expr:
    """Whether a text holds a word of a name, and nothing that stands in place of one; null where it is null.

    A few names are taken for none: those that look like what stands in place of one when put together.
    """
    return text.str.contains(_HAS_WORD) & ~text.str.contains(_NOBODY)


def no_names() -> Names:
    """Where no name is mapped."""
    return Names(pl.DataFrame(schema=KEYS_SCHEMA), pl.DataFrame(schema=WORDS_SCHEMA), _no_begins())


def hash_words(words: pl.Series) -> pl.Series:
    """Hashes that are good for one process."""
    return words.hash(_SEED)


def read_names(claimants: pl.Series, cells: Sequence[pl.Series], hash_words: HashWords = hash_words) -> Names:
    """The names of claimants (Int64), from the texts of all columns (String) that hold a part of one."""
    if not cells:
        return no_names()
    # Numbers are found faster than texts.
    keyed = [cell.to_frame("token").with_columns(pl.col("token").hash().alias("key")) for cell in cells]
    texts = pl.concat(keyed).unique("key")
    words = _split_tokens(texts)
    words = words.with_columns(hash_words(words["word"]).alias("hash"))
    stated = pl.concat(
        cell.select("key").with_row_index("row").join(words, on="key").select("row", word="hash")
        for cell in keyed
    )
    if len(nobody := _find_nobody(texts, keyed)):
        stated = stated.filter(~pl.col("row").is_in(nobody.implode()))
    stated = stated.sort("row", "word")
    is_repeated = (pl.col("row") == pl.col("row").shift(1)) & (pl.col("word") == pl.col("word").shift(1))
    stated = stated.filter(~is_repeated.fill_null(value=False))
    lists = gather_lists(stated["row"], stated["word"], len(claimants))
    rows = pl.DataFrame({"claimant": claimants, "name": lists.list.sum(), "word": lists})
    distinct = rows.filter(pl.col("name").is_first_distinct())
    return Names(
        keys=rows.select(list(KEYS_SCHEMA)),
        words=distinct.explode("word", empty_as_null=False).select(list(WORDS_SCHEMA)),
        begins=_list_begins(words.unique("word").select(text="word", word="hash"), hash_words),
    )


def _find_nobody(texts: pl.DataFrame, cells: Sequence[pl.DataFrame]) -> pl.Series:
    """The rows (UInt32) all of whose texts stand in place of a name, or for nothing; `texts`: `token`, `key`,
    `cells`: `key` of each row, column by column."""
    keys = texts.filter(pl.col("token").str.contains(_NOBODY).fill_null(value=True))["key"]
    if keys.is_empty():
        return pl.Series(dtype=pl.UInt32)
    is_nobody = [cell["key"].is_in(keys.implode()) for cell in cells]
    return pl.select(pl.all_horizontal(is_nobody).arg_true()).to_series()


class WordHashes:
    """Hashes of the words of names. What was made of a token is kept: the same ones come again and again."""

    def __init__(self, hash_words: HashWords) -> None:
        self._hash_words = hash_words
        self._made = pl.DataFrame(schema=_MADE_SCHEMA)

    def list(self, texts: pl.Series) -> pl.DataFrame:
        """`at` (UInt32, a place in `texts`), `word`, `first`, `third` (UInt64): all that needs to be kept of
        names to compare them again, by `at`. Each word of a text stands once.

        `first` is the hash of a word's first letter, `third` of its first three letters, null where it has
        fewer. Both are null where the first letter has no case. In an initial `first` is the word, in a word
        of three letters `third`.
        """
        at = pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")
        named = pl.when(~pl.col("token").str.contains(_NOBODY)).then("token")
        split = texts.to_frame("token").select(at, named.str.split(" "))
        tokens = split.explode("token", empty_as_null=False).drop_nulls("token")
        tokens = tokens.with_columns(pl.col("token").hash().alias("key"))  # numbers are found faster
        self._make(tokens.select("key", "token"))
        found = tokens.select("at", "key").join(self._made, on="key", maintain_order="left").drop("key")
        place = pl.col("at").cast(pl.UInt64) * (1 << 32)
        if found.select((pl.col("word") ^ place).n_unique()).item() == found.height:
            return found
        return found.unique(["at", "word"], keep="first", maintain_order=True)  # words may have one hash

    def _make(self, tokens: pl.DataFrame) -> None:
        """Have the hashes of all words of these tokens (`key`, `token`)."""
        if self._made.height > _MOST_MADE:
            self._made = self._made.clear()
        new = tokens.filter(~pl.col("key").is_in(self._made["key"].implode())).unique("key")
        if new.is_empty():
            return
        words = _split_tokens(new)
        cased = words.select("word", cased=pl.when(_has_case(pl.col("word"))).then("word"))
        starts = cased.select(
            "word",
            first=pl.col("cased").str.head(1),
            third=pl.when(pl.col("cased").str.len_chars() >= 3).then(pl.col("cased").str.head(3)),
        )
        made = words.select("key").hstack([self._hash_words(start).alias(start.name) for start in starts])
        self._made = pl.concat([self._made, made]).rechunk()


def _split_tokens(tokens: pl.DataFrame) -> pl.DataFrame:
    """`key`, `word` of all words of tokens (`key`, `token`). Plain tokens are one word, made in few steps."""
    is_plain = tokens["token"].str.contains(_PLAIN)
    small = pl.col("token").str.to_lowercase().str.replace_all("'", "", literal=True)
    whole = tokens.filter(is_plain).select("key", word=small).filter(pl.col("word") != "")
    is_spelled = whole.select(_may_be_spelled(pl.col("word"))).to_series()
    spelled = whole.filter(is_spelled).with_columns(_shorten_umlauts(pl.col("word")))
    plain = pl.concat([whole.filter(~is_spelled), spelled])
    listed = tokens.filter(~is_plain).select("key", word=_words("token"))
    return pl.concat([plain, listed.explode("word", empty_as_null=False).drop_nulls("word")])


def names_of_hashes(keys: pl.DataFrame, hashes: pl.DataFrame) -> Names:
    """Names from `keys` (KEYS_SCHEMA) and `name`, `word`, `first`, `third` as `WordHashes` gives them.

    Only the first letter and the first three letters of their words can be recognised.
    """
    begins = [
        hashes.select("word", begin=column, letters=pl.lit(letters, pl.Int64)).drop_nulls()
        for letters, column in ((1, "first"), (3, "third"))
    ]
    return Names(
        keys.select(list(KEYS_SCHEMA)), hashes.select(list(WORDS_SCHEMA)), pl.concat(begins).unique()
    )


def _no_begins() -> pl.DataFrame:
    return pl.DataFrame(schema=BEGINS_SCHEMA)


def _words(column: str) -> pl.Expr:
    """The words of a text as they are compared, List(String)."""
    small = pl.col(column).str.to_lowercase()
    is_ascii = pl.col(column).str.len_bytes() == pl.col(column).str.len_chars()
    others = (
        pl.when(~is_ascii)
        .then(small)
        .str.replace_many(_LETTERS)
        .str.replace_all(_APOSTROPHES, "")
        .str.normalize("NFKD")
        .str.replace_all(_DIACRITICS, "")
        .str.normalize("NFC")
    )
    plain = pl.when(is_ascii).then(small.str.replace_many(["'", "`"], [""])).otherwise(others)
    return plain.str.extract_all(_WORD).list.eval(_read_umlauts(pl.element()))


def _read_umlauts(word: pl.Expr) -> pl.Expr:
    """A word in lowercase, as it is compared."""
    is_spelled = _may_be_spelled(word)
    return pl.when(is_spelled).then(_shorten_umlauts(pl.when(is_spelled).then(word))).otherwise(word)


def _may_be_spelled(word: pl.Expr) -> pl.Expr:
    """Whether umlauts of a word may be written as two letters."""
    return word.str.contains_any(["ae", "oe", "ue"]) & (word.str.len_chars() >= 4)


def _shorten_umlauts(word: pl.Expr) -> pl.Expr:
    return word.str.replace_all(_SPELLED_UMLAUT, "$1$2")


def _has_case(text: pl.Expr) -> pl.Expr:
    return text.str.head(1).str.to_uppercase() != text.str.head(1)


def _list_begins(hashes: pl.DataFrame, hash_words: HashWords) -> pl.DataFrame:
    text = pl.col("text")
    length = text.str.len_chars()
    longest = min(hashes.select(length.max()).item() or 0, _LONGEST_BEGINNING)
    hashes = hashes.filter(_has_case(text))
    listed = [hashes.select("word", begin=text.str.head(1), letters=pl.lit(1, pl.Int64))]
    listed += [
        hashes.filter(length >= letters).select(
            "word", begin=text.str.head(letters), letters=pl.lit(letters, pl.Int64)
        )
        for letters in range(3, longest + 1)
    ]
    begins = pl.concat(listed)
    return begins.with_columns(hash_words(begins["begin"]).alias("begin")).select(list(BEGINS_SCHEMA))
