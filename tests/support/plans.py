"""Plans and texts that several tests of this folder are made of."""

from hypothesis import strategies as st

from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitPlan, TraitType

TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from('"\\,{}[]:\u2028\u2029\x00\x1f\x7f\n\t\U0001f600')
)


def make_trait(
    path: str, trait_type: TraitType = TraitType.STRING, *columns: str, **rest: object
) -> TraitPlan:
    """A trait that is read from columns of its own name if none are given."""
    group, _, name = path.rpartition(".")
    return TraitPlan(group=group, name=name, columns=columns or (name,), type=trait_type, **rest)


PHONE = make_trait("Contact.phone", TraitType.PHONE)
EMAIL = make_trait("Contact.email", TraitType.EMAIL)
PHONE_ID = IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="phone")
EMAIL_ID = IdentifierPlan(trait="Contact.email", id_type="email", normalization="email")


def make_plan(
    *traits: TraitPlan, identifiers: tuple[IdentifierPlan, ...] = (PHONE_ID, EMAIL_ID)
) -> ProfilePlan:
    """Phone and email, then the given traits."""
    return ProfilePlan(traits=(PHONE, EMAIL, *traits), identifiers=identifiers, region_default="US")
