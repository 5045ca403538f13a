"""Words that stand beside numbers in cells, in the languages that CRM exports come in, as patterns."""

_LABELS = """
    tel tél tele tlf tlfs tlfn tlfno tlfnos tf tfs tfn tfno tfnos tno tlp telf telfs télf telef telefs teléf
    telefon telefonnummer telefonnr telephone téléphone teléfono telefono
    telefone telefoon telefoonnummer telephon fon fone fono phone phones ph puh puhelin matkapuhelin
    mobile mobil mobiel mobilnummer mobiltelefon mobilní mobilnr mob cell cellphone cellular cellulare cel
    celular móvil movil móv mov portable port gsm handy handynummer natel komórka kom telemóvel
    call callto contact kontakt main hauptnummer zentrale direct direkt direktwahl direkt-durchwahl durchwahl
    home work office private privat perso personal business geschäftlich geschaeftlich dienstlich arbeit büro
    buero zuhause zu hause festnetz landline fixe fisso fijo bureau travail domicile casa lavoro trabajo
    trabalho werk thuis kantoor firma company reception empfang switchboard
    whatsapp wa telegram signal viber sms imessage
    no nr nummer number num numero numéro número núm nums núms rufnummer voip other primary secondary
    emergency notfall day evening abends tagsüber hm wk bus res
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

_NO_LONGER = r"""
    wrong\b|invalid\b|incorrect\b|disconnected\b|obsolete\b|outdated\b|deactivated\b|no\slonger\b
    not\s(?:in\s(?:service|use)|working|valid|active|his|hers?|theirs?|correct)\b|out\sof\s(?:service|order)\b
    falsch|ungültig|ungueltig|veraltet|nicht\smehr\b|nicht\svergeben\b|kein\sanschlu|keine?\sgültige
    invalide\b|erroné|mauvais\snum|non\sattribué|plus\s(?:valable|valide|attribué)
    equivocad|incorrect[oa]\b|inv[áa]lid[oa]\b|erróneo|errad[oa]\b|errat[oa]\b|sbagliat|inesistente|inexistente
    no\sexiste\b|ya\sno\b|fuera\sde\sservicio|non\s(?:valido|attivo|più)\b|não\s(?:existe|é\smais)
    verkeerd|ongeldig|vervallen\b|niet\smeer\b|nieaktual|błędn|zły\snumer|неверн|неправильн|недействит
"""
_FORMER = r"""
    old former formerly previous bad dead inactive expired ehemals ehemalige[rs]? frühere[rs]? alte[rs]?
    ancien ancienne faux antiguo viejo anterior vecchio antigo velho oud oude fout stary старый
"""
_NUMBER = r"""
    number no nr num phone tel cell mobile home work office nummer rufnummer handy mobil telefon telefonnummer
    numéro número numero telefono teléfono telefone numer номер телефон
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

FAX = rf"(?i){_any_of(_FAX)}|\bfx\b|^[\s(\[]*f(?:[.:)\]]|\s)|[\s(\[]f[)\].]?\s*$"
_AND = r"(?:\s*[/&+-]\s*|[\s.]+(?:u\.?|und|and|et|y|e|en|og|och)[\s.]+)"
_DIALLED = r"(?:tel|tél|phone|ph\b|fon|tfn|тел)[a-zé]*\.?"
_FAXED = r"(?:(?:tele)?(?:fax|faks|факс)|fx\b)\.?"
FAX_AND_PHONE = rf"(?i)\b({_DIALLED}){_AND}({_FAXED})|\b({_FAXED}){_AND}({_DIALLED})"
"""A number that is dialled as well: `$1` and `$2`, or `$3` and `$4`, are the two words."""

LABELS_ADDED = r"(\pL\.?)\s*\+\s*(\pL)"
"""A plus between words."""

OUT_OF_USE = (
    rf"(?i)\b(?:{'|'.join(_NO_LONGER.split())})"
    rf"|(?:^|[(\[,:;–—-])\s*(?:{_any_of(_FORMER)})(?:[\s.]+(?:{_any_of(_NUMBER)})\.?)?\s*(?:[)\]:]|$)"
)
"""What says that a number is wrong, or no longer the customer's."""

OR = r"(?i)\s(?:or|and|oder|und|ou|et|e|o|y|u|of|en|och|eller|og|lub|i|или|и|ve|veya)[\s:]"
