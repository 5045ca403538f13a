"""Words for yes and no, as exports of many languages have them."""

YES = frozenset(
    {
        *("true", "yes", "y", "t", "1", "1.0", "on", "x", "checked", "ja", "j", "wahr", "oui", "o", "vrai"),
        *("✓", "✔", "✔️", "☑", "☑️", "✅"),
        *("si", "sì", "sí", "s", "verdadero", "sim", "verdadeiro", "vero", "waar", "tak", "да", "はい", "是"),
    }
)
NO = frozenset(
    {
        *("false", "no", "n", "f", "0", "0.0", "off", "unchecked", "nein", "falsch", "non", "faux", "falso"),
        *("✗", "✘", "☐", "❌"),
        *("nao", "não", "nee", "onwaar", "nej", "nie", "нет", "いいえ", "否"),
    }
)
"""In small letters."""
