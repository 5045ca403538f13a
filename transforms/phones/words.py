"""Words that stand beside numbers in cells, in the languages that CRM exports come in, as patterns."""

_LABELS = """
    tel tél tele tlf tfn tlp telf telefon telefonnummer telefonnr telephone téléphone teléfono telefono
    telefone telefoon telefoonnummer telephon fon fone fono phone phones ph puh puhelin matkapuhelin
    mobile mobil mobiel mobilnummer mobiltelefon mobilní mobilnr mob cell cellphone cellular cellulare cel
    celular móvil movil portable port gsm handy handynummer natel komórka kom telemóvel
    call callto contact kontakt main hauptnummer zentrale direct direkt direktwahl direkt-durchwahl durchwahl
    home work office private privat perso personal business geschäftlich geschaeftlich dienstlich arbeit büro
    buero zuhause zu hause festnetz landline fixe fisso fijo bureau travail domicile casa lavoro trabajo
    trabalho werk thuis kantoor firma company reception empfang switchboard
    whatsapp wa telegram signal viber sms imessage
    no nr nummer number num numero numéro número rufnummer voip other primary secondary emergency notfall
    day evening abends tagsüber hm wk bus res
    тел телефон моб мобильный раб рабочий дом домашний сот сотовый
    電話 電話番号 電話號碼 携帯 携帯電話 手机 手機 电话 電話號 座机
    전화 전화번호 휴대폰 핸드폰 هاتف جوال موبايل تلفن طلفن
    טלפון נייד τηλ τηλέφωνο κιν κινητό โทร โทรศัพท์ फोन मोबाइल
"""
_FAX = """
    telefax telefaks telecopie télécopie fax faxnummer faxnr faks факс
    ファックス ファクス 传真 傳真 팩스 φαξ فاكس פקס
"""
_LETTERS = "tmhwcopdfgbn"
_EXTENSIONS = r"""
    x ext extn extension extensión extensao extensão erw interno intern int anexo anx apparat app durchwahl
    durchw dw poste доб добавочный доп внутр вн ramal toestel tst wewnętrzny wewn wew linka klapka kl
    anknytning ank lokal lok dahili mellék mell 内線 內線 分机 分機 내선 שלוחה تحويلة داخلي
"""


_INSIDE = """
    tel tél telefon telephone téléphone teléfono telefono telefone phone ph mobile mobil mob móvil cell cel
    handy natel gsm portable whatsapp home work office private privat тел моб
"""


def _any_of(words: str) -> str:
    """Any of the words, the longest first."""
    return "|".join(sorted(words.split(), key=lambda word: (-len(word), word)))


_MARK = r"[\s.:：/&)\]'’°º№#–—-]"
_LETTER = rf"[{_LETTERS}]"
_WORD = rf"(?:{_any_of(_LABELS + _FAX)})"

LABEL = (
    rf"(?is)^[\s(\[№#]*(?:(?:{_WORD}|{_LETTER}){_MARK}+)*(?:{_WORD}{_MARK}*|{_LETTER}{_MARK}+)([+(0-9].*)$"
)
"""Nothing but words for a number before it; `$1` is the number."""

ANY_LABEL = r"(?s)^[^0-9+\n]*\pL[^0-9+\n]*[1-9]?[:：]\s*([+(0-9].*)$"
"""Whatever ends in a colon before it."""

_SIX_DIGITS = r"[+(0-9](?:[ ()./-]*[0-9]){5}"
LABEL_INSIDE = (
    rf"(?i)([0-9][)\s]*[\s,/–-]\s*)((?:[(\[]?(?:{_any_of(_INSIDE + _FAX)}|{_LETTER})[)\]]|"
    rf"[(\[]?(?:{_any_of(_INSIDE + _FAX)})|{_LETTER}[.:])[\s.:]*[+(0-9]|{_LETTER}\s+{_SIX_DIGITS})"
)
"""A label behind a number and before another: `$1` and `$2` are the two sides."""

NOTE_INSIDE = r"([0-9][^0-9\n,;/]*\pL[^0-9\n,;/]*)[,/]\s*([+(0-9])"
"""A note behind a number, a separator, and another number: `$1` and `$2` are the two sides."""

EXTENSION_INSIDE = rf"(?i)([0-9][)\s.]*(?:{_any_of(_EXTENSIONS)})[\s.:=#-]*[0-9]{{1,7}})\s*[,/]\s*([+(0-9])"
"""An extension, a separator, and another number: `$1` and `$2` are the two sides."""

NOTE_IN_BRACKETS = r"\s*[(\[][^()\[\]0-9]*\pL[^()\[\]0-9]*[)\]]\s*"
NOTE_AT_END = rf"(?is)^(.*[0-9])(?:[\s.,;:/)–—-]+(?:{_WORD}|[cghmptw])\b\.?)+\s*$"
EXTENSION = (
    rf"(?is)^(.*[0-9)])[\s.,;/(-]*(?:(?:{_any_of(_EXTENSIONS)})[\s.:=#-]*|#\s*|,,+\s*)[0-9]{{1,7}}[)#]*\s*$"
)

FAX = rf"(?i){_any_of(_FAX)}|^[\s(\[]*f(?:[.:)\]]|\s)|[\s(\[]f[)\].]?\s*$"
_AND = r"(?:\s*[/&+-]\s*|[\s.]+(?:u\.?|und|and|et|y|e|en|og|och)[\s.]+)"
FAX_AND_PHONE = (
    rf"(?i)(?:tel|tél|phone|fon|тел)[a-zé]*\.?{_AND}(?:tele)?(?:fa(?:x|ks)|факс)"
    rf"|(?:fax|факс)\.?{_AND}(?:tel|phone|тел)"
)
"""A number that is dialled as well."""

OR = r"(?i)\s(?:or|and|oder|und|ou|et|e|o|y|u|of|en|och|eller|og|lub|i|или|и|ve|veya)[\s:]"
