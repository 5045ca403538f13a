"""What cells hold beside phone numbers, cell by cell: the right number, or the reason why there is none.

A line is a cell, the region of its row, the number, the code, the further numbers (or the codes of what else
was refused) and what the spec asks for.
"""

# the letters and spaces of other scripts are what this is about

import os

import polars as pl
import pytest

from memory_import.transforms.codes import WORDING
from memory_import.transforms.phones import normalise_phones, split_phones

STANDS_AROUND = [
    ("+442079460958", "US", "+442079460958", None),
    (" 020 7946 0958 ", "GB", "+442079460958", "phone_country_code_added"),
    ("\u200b020 7946 0958", "GB", "+442079460958", "invisible_characters_removed"),
    ("020\u202f7946\u20090958", "GB", "+442079460958", "phone_country_code_added"),
    ("\u202a+44 20 7946 0958\u202c", "US", "+442079460958", "invisible_characters_removed"),
    ("\ufeff020 7946 0958", "GB", "+442079460958", "invisible_characters_removed"),
    ("020\xad7946\xad0958", "GB", "+442079460958", "invisible_characters_removed"),
    ("06\u202f12\u202f34\u202f56\u202f78", "FR", "+33612345678", "phone_country_code_added"),
    ("06\u200912\u200934\u200956\u200978", "FR", "+33612345678", "phone_country_code_added"),
    ("06\u300012\u300034\u300056\u300078", "FR", "+33612345678", "phone_country_code_added"),
    ("'020 7946 0958", "GB", "+442079460958", "phone_apostrophe_dropped"),
    ('="020 7946 0958"', "GB", "+442079460958", "phone_apostrophe_dropped"),
    ('="+442079460958"', "US", "+442079460958", "phone_apostrophe_dropped"),
    ('"020 7946 0958"', "GB", "+442079460958", "phone_apostrophe_dropped"),
    ("“020 7946 0958”", "GB", "+442079460958", "phone_apostrophe_dropped"),
    ("’020 7946 0958", "GB", "+442079460958", "phone_apostrophe_dropped"),
    ("＋44 20 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("０３－６２３４－５６７８", "JP", "+81362345678", "phone_country_code_added"),
    ("۰۲۱ ۸۸۷۷ ۶۶۵۵", "IR", "+982188776655", "phone_country_code_added"),
    ("٠٥٠١٢٣٤٥٦٧", "SA", "+966501234567", "phone_country_code_added"),
    ("०९८७६५४३२१०", "IN", "+919876543210", "phone_country_code_added"),
]
LABELS = [
    ("Mobile: +1 (415) 555-2671", "US", "+14155552671", "phone_label_dropped"),
    ("Tel. 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Tel: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("tel:+493012345678", "US", "+493012345678", "phone_label_dropped"),
    ("Phone 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Handy 0151 12345678", "DE", "+4915112345678", "phone_label_dropped"),
    ("M: 0151 12345678", "DE", "+4915112345678", "phone_label_dropped"),
    ("T 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Mobil privat: 0151 12345678", "DE", "+4915112345678", "phone_label_dropped"),
    ("тел. 8 (495) 123-45-67", "RU", "+74951234567", "phone_label_dropped"),
    ("моб.: +7 916 123-45-67", "US", "+79161234567", "phone_label_dropped"),
    ("電話: 03-6234-5678", "JP", "+81362345678", "phone_label_dropped"),
    ("Tél. : 01 42 68 53 00", "FR", "+33142685300", "phone_label_dropped"),
    ("Móvil 612 345 678", "ES", "+34612345678", "phone_label_dropped"),
    ("WhatsApp: +49 1511 2345678", "DE", "+4915112345678", "phone_label_dropped"),
    ("Durchwahl: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Office (main): 020 7946 0958", "GB", "+442079460958", "phone_label_dropped"),
    ("My own line: 020 7946 0958", "GB", "+442079460958", "phone_label_dropped"),
]
LETTERS_THAT_ARE_LABELS = [
    ("G 044 668 18 00", "CH", "+41446681800", "phone_label_dropped"),
    ("h/w 415-555-2671", "US", "+14155552671", "phone_label_dropped"),
    ("415-555-2671 (h/w)", "US", "+14155552671", "phone_note_dropped"),
    ("415-555-2671 h", "US", "+14155552671", "phone_note_dropped"),
    ("044 668 18 00 P", "CH", "+41446681800", "phone_note_dropped"),
    ("p: 044 668 18 00 / g: 044 668 18 01", "CH", "+41446681800", "phone_one_of_several", ("+41446681801",)),
    ("P 044 668 18 00 G 044 668 18 01", "CH", "+41446681800", "phone_one_of_several", ("+41446681801",)),
    ("(h)415-555-2671 (w)415-555-2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("T 044 668 18 00 / F 044 668 18 01", "CH", "+41446681800", "phone_one_of_several", ("phone_is_fax",)),
    ("415-555-2671 w 12", "US", None, "phone_holds_letters"),
    ("030 1234567 o", "DE", None, "phone_holds_letters"),
    ("415-555-267l", "US", None, "phone_holds_letters"),
]
BESIDE_A_NUMBER = [
    ("+12025550101; privat", "US", "+12025550101", "phone_note_dropped"),
    ("privat\n+12025550101", "US", "+12025550101", "phone_note_dropped"),
    ("+12025550101; -", "US", "+12025550101", "phone_reformatted"),
    ("+12025550101;", "US", "+12025550101", "phone_reformatted"),
    ("+12025550101; +12025550101", "US", "+12025550101", "phone_reformatted"),
    *(
        (cell, "US", "+12025550101", "phone_one_of_several", ("phone_not_a_number",), {"separator": ":::"})
        for cell in ("+12025550101:::abc", "abc ::: +12025550101")
    ),
    ("+12025550101:::N/A", "US", "+12025550101", "phone_reformatted", (), {"separator": ":::"}),
]
EXTENSIONS_AND_NOTES = [
    ("(415) 555-2671 x123", "US", "+14155552671", "phone_extension_dropped"),
    ("(415) 555-2671x123", "US", "+14155552671", "phone_extension_dropped"),
    ("(415) 555-2671 ext. 5", "US", "+14155552671", "phone_extension_dropped"),
    ("(415) 555-2671 ext 5", "US", "+14155552671", "phone_extension_dropped"),
    ("(415) 555-2671 extension 12", "US", "+14155552671", "phone_extension_dropped"),
    ("(415) 555-2671 #12", "US", "+14155552671", "phone_extension_dropped"),
    ("030 12345678 App. 12", "DE", "+493012345678", "phone_extension_dropped"),
    ("030 12345678 Durchwahl 12", "DE", "+493012345678", "phone_extension_dropped"),
    ("030 12345678 DW 12", "DE", "+493012345678", "phone_extension_dropped"),
    ("01 42 68 53 00 poste 12", "FR", "+33142685300", "phone_extension_dropped"),
    ("8 (495) 123-45-67 доб. 5", "RU", "+74951234567", "phone_extension_dropped"),
    ("+7 495 123-45-67 доб 5", "US", "+74951234567", "phone_extension_dropped"),
    ("03-6234-5678 内線 12", "JP", "+81362345678", "phone_extension_dropped"),
    ("+39 06 1234 5678 int. 4", "IT", "+390612345678", "phone_extension_dropped"),
    ("(11) 2345-6789 ramal 12", "BR", "+551123456789", "phone_extension_dropped"),
    ("555 2671 ext. 5", "US", None, "phone_no_area_code"),
    ("0151 12345678 privat", "DE", "+4915112345678", "phone_note_dropped"),
    ("0151 12345678 (privat)", "DE", "+4915112345678", "phone_note_dropped"),
    ("020 7946 0958 (home)", "GB", "+442079460958", "phone_note_dropped"),
    ("(home) 020 7946 0958", "GB", "+442079460958", "phone_label_dropped"),
    ("020 7946 0958 home", "GB", "+442079460958", "phone_note_dropped"),
    ("020 7946 0958 - work", "GB", "+442079460958", "phone_note_dropped"),
    ("(415) 555-2671 (ask for Jim)", "US", "+14155552671", "phone_note_dropped"),
]
MASKS_AND_LETTERS = [
    ("0171 XXXXXXX", "DE", None, "phone_masked"),
    ("0171 xxx xx xx", "DE", None, "phone_masked"),
    ("0171 *******", "DE", None, "phone_masked"),
    ("+49 171 ***4567", "DE", None, "phone_masked"),
    ("(415) 555-XXXX", "US", None, "phone_masked"),
    ("415-555-????", "US", None, "phone_masked"),
    ("0171/...4567", "DE", None, "phone_masked"),
    ("•••• 2671", "US", None, "phone_masked"),
    ("x", "US", None, "phone_masked"),
    ("1800 FLOWERS", "US", None, "phone_holds_letters"),
    ("1-800-FLOWERS", "US", None, "phone_holds_letters"),
    ("1800 FLOWERS", "US", "+18003569377", "phone_letters_changed", (), {"vanity": True}),
    ("1-800-FLOWERS", "US", "+18003569377", "phone_letters_changed", (), {"vanity": True}),
    ("1-800-GOT-JUNK", "US", "+18004685865", "phone_letters_changed", (), {"vanity": True}),
    ("0800 FLOWERS", "GB", "+448003569377", "phone_letters_changed", (), {"vanity": True}),
    ("1-800-FLOWERS (call us)", "US", "+18003569377", "phone_letters_changed", (), {"vanity": True}),
    ("020 7946 O958", "GB", None, "phone_holds_letters"),
    ("O2O 7946 0958", "GB", None, "phone_holds_letters"),
    ("l51 12345678", "DE", None, "phone_holds_letters"),
    ("call after 6pm 020 7946 0958", "GB", None, "phone_holds_letters"),
    ("020 7946 0958 after 6pm", "GB", None, "phone_holds_letters"),
    ("ask Jim 020 7946 0958", "GB", None, "phone_holds_letters"),
    ("not 020 7946 0958", "GB", None, "phone_holds_letters"),
]
NOT_NUMBERS = [
    ("anna@example.com", "US", None, "phone_not_a_number"),
    ("Jim", "US", None, "phone_not_a_number"),
    ("n/a", "US", None, "phone_not_a_number"),
    ("N/A", "US", None, "phone_not_a_number"),
    ("0", "US", None, "phone_not_a_number"),
    ("#N/A", "US", None, "phone_not_a_number"),
    ("NULL", "US", None, "phone_not_a_number"),
    ("-", "US", None, "phone_not_a_number"),
    ("None", "US", None, "phone_not_a_number"),
    ("unknown", "US", None, "phone_not_a_number"),
    ("1.23457E+15", "US", None, "phone_spreadsheet_damage"),
    ("1,23457E+15", "DE", None, "phone_spreadsheet_damage"),
    ("{{phone}}", "US", None, "phone_not_a_number"),
    ("#REF!", "US", None, "phone_not_a_number"),
    ("0000000000", "US", None, "phone_invalid_for_region"),
    ("000", "DE", None, "phone_no_area_code"),
]
OUT_OF_USE = [
    ("202-555-0101 (wrong number)", "US", None, "phone_out_of_use"),
    ("202-555-0101 (old)", "US", None, "phone_out_of_use"),
    ("202-555-0101 (disconnected)", "US", None, "phone_out_of_use"),
    ("202-555-0101 - no longer in service", "US", None, "phone_out_of_use"),
    ("old number: 202-555-0101", "US", None, "phone_out_of_use"),
    ("202-555-0101; wrong number", "US", None, "phone_out_of_use"),
    ("202-555-0101\nwrong number", "US", None, "phone_out_of_use"),
    ("030 12345678 (falsche Nummer)", "DE", None, "phone_out_of_use"),
    ("alte Nummer: 030 12345678", "DE", None, "phone_out_of_use"),
    ("912345678 (número equivocado)", "ES", None, "phone_out_of_use"),
    ("01 42 68 53 00 (ancien)", "FR", None, "phone_out_of_use"),
    ("202-555-0101 (old), 202-555-0102", "US", "+12025550102", "phone_one_of_several", ("phone_out_of_use",)),
    ("202-555-0101 (do not call)", "US", "+12025550101", "phone_note_dropped"),
    ("202-555-0101 (Oldham)", "US", "+12025550101", "phone_note_dropped"),
    ("202-555-0101 (old town office)", "US", "+12025550101", "phone_note_dropped"),
    ("Bad Homburg: 06172 123456", "DE", "+496172123456", "phone_label_dropped"),
    ("030 12345678 (Altbau)", "DE", "+493012345678", "phone_note_dropped"),
]
FAXES = [
    ("030 901820 (Fax 901821)", "DE", "+4930901820", "phone_one_of_several", ("phone_is_fax",)),
    ("030 901820 Durchw. 12", "DE", "+4930901820", "phone_extension_dropped"),
    ("Fax: 030 12345678", "DE", None, "phone_is_fax"),
    ("030 12345678 (Fax)", "DE", None, "phone_is_fax"),
    ("Telefax 030 12345678", "DE", None, "phone_is_fax"),
    ("F: 030 12345678", "DE", None, "phone_is_fax"),
    ("030 12345678 fax", "DE", None, "phone_is_fax"),
    ("факс: +7 495 123-45-67", "US", None, "phone_is_fax"),
    ("FAX 020 7946 0958", "GB", None, "phone_is_fax"),
    ("Tel./Fax: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Tel/Fax 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("030 12345678; Fax: 030 12345679", "DE", "+493012345678", "phone_one_of_several", ("phone_is_fax",)),
    ("Fax: 030 12345679; 030 12345678", "DE", "+493012345678", "phone_one_of_several", ("phone_is_fax",)),
]
SEVERAL = [
    ("030 12345678; 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678 | 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678 & 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678\n0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678\r\n0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678 oder 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678 und 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("020 7946 0958 or 020 7946 0959", "GB", "+442079460958", "phone_one_of_several", ("+442079460959",)),
    ("020 7946 0958 and 020 7946 0959", "GB", "+442079460958", "phone_one_of_several", ("+442079460959",)),
    ("01 42 68 53 00 ou 06 12 34 56 78", "FR", "+33142685300", "phone_one_of_several", ("+33612345678",)),
    ("030 12345678 / 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030 12345678, 0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030/12345678 / 0151/12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("030/12345678", "DE", "+493012345678", "phone_country_code_added"),
    ("030/12345678, 0151/12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    ("0431 123/456", "DE", None, "phone_several_readings"),
    ("02 1234567/8", "AT", None, "phone_invalid_for_region"),
    ("02 1234567/8", "DE", None, "phone_several_readings"),
    ("030 12345678/79", "DE", None, "phone_several_readings"),
    ("030 1234567/-8", "DE", None, "phone_several_readings"),
    ("030 12345678-9", "DE", "+4930123456789", "phone_country_code_added"),
    ("030 12345678 - 9", "DE", "+4930123456789", "phone_country_code_added"),
    ("030 12345678; 87654321", "DE", "+493012345678", "phone_one_of_several", ("phone_no_area_code",)),
    ("(415) 555-2671; 555-2672", "US", "+14155552671", "phone_one_of_several", ("phone_no_area_code",)),
    ("(415) 555-2671; (415) 555-2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("(415) 555-2671 / (415) 555-2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("415-555-2671, 415-555-2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("415-555-2671 415-555-2672", "US", None, "phone_too_long"),
    ("020 7946 0958 020 7946 0959", "GB", None, "phone_too_long"),
    ("+442079460958 +442079460959", "US", "+442079460958", "phone_one_of_several", ("+442079460959",)),
    ("0171 1234567 - +49 172 7654321", "DE", "+491711234567", "phone_one_of_several", ("+491727654321",)),
    ("+442079460958+442079460959", "US", None, "phone_not_a_number"),
    ("n/a; 030 12345678", "DE", "+493012345678", "phone_country_code_added"),
    ("030 12345678; n/a", "DE", "+493012345678", "phone_country_code_added"),
    ("030 12345678; abc", "DE", "+493012345678", "phone_note_dropped"),
    ("12; 030 12345678", "DE", "+493012345678", "phone_one_of_several", ("phone_no_area_code",)),
    ("030 12345678; 030 12345678", "DE", "+493012345678", "phone_country_code_added"),
    ("030 12345678; +49 30 12345678", "DE", "+493012345678", "phone_country_code_added"),
    (
        "Mobile: 0151 12345678, Home: 030 12345678",
        "DE",
        "+4915112345678",
        "phone_one_of_several",
        ("+493012345678",),
    ),
    (
        "mob 0151 12345678 tel 030 12345678",
        "DE",
        "+4915112345678",
        "phone_one_of_several",
        ("+493012345678",),
    ),
    ("+1 415 555 2671/+1 415 555 2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("030 12345678:::0151 12345678", "DE", "+493012345678", "phone_one_of_several", ("+4915112345678",)),
    (
        "030 12345678 ::: 0151 12345678",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("+4915112345678",),
        {"separator": ":::"},
    ),
    (
        "030 12345678;0151 12345678",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("+4915112345678",),
        {"separator": ";"},
    ),
    ("030 12345678;0151 12345678", "DE", None, "phone_not_a_number", (), {"separator": "|"}),
    ("030/12345678/0151/12345678", "DE", None, "phone_several_readings"),
    (
        "030 12345678#0151 12345678",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("+4915112345678",),
        {"separator": "#"},
    ),
]
LONG_GROUPS = [
    ("+49 30 901820 - 901829", "DE", None, "phone_several_readings"),
    ("030 901820-901829", "DE", None, "phone_several_readings"),
    ("030 901820 \u2013 901829", "DE", None, "phone_several_readings"),
    ("030 901820 901829", "DE", None, "phone_several_readings"),
    ("+43 1 71132 - 71140", "AT", None, "phone_several_readings"),
    ("+39 02 123456 - 123457", "IT", None, "phone_several_readings"),
    ("16135550100-16135550101", "CA", "+16135550100", "phone_one_of_several", ("+16135550101",)),
    ("030 901820-29", "DE", "+493090182029", "phone_country_code_added"),
    ("08152 - 901820", "DE", "+498152901820", "phone_country_code_added"),
    ("98765-43210", "IN", "+919876543210", "phone_country_code_added"),
    ("+91 98765 43210", "IN", "+919876543210", "phone_reformatted"),
    ("01234-567890", "GB", "+441234567890", "phone_country_code_added"),
    ("07911 123456", "GB", "+447911123456", "phone_country_code_added"),
    ("138001 38000", "CN", "+8613800138000", "phone_country_code_added"),
]
COUNTRY_CODES = [
    ("4915112345678", "DE", None, "phone_ambiguous"),
    ("4915112345678", "DE", None, "phone_ambiguous", (), {"repair": True}),
    ("15112345678", "DE", "+4915112345678", "phone_country_code_added"),
    ("14155552671", "US", "+14155552671", "phone_plus_added"),
    ("447911123456", "GB", "+447911123456", "phone_plus_added"),
    ("447911123456", "GB", "+447911123456", "phone_plus_added", (), {"repair": True}),
    ("4915112345678", "US", None, "phone_too_long"),
    ("4915112345678", "US", "+4915112345678", "phone_plus_restored", (), {"repair": True}),
    ("4915112345678", None, None, "phone_no_region"),
    ("+4915112345678", "DE", "+4915112345678", None),
    ("004915112345678", "DE", "+4915112345678", "phone_international_prefix_replaced"),
    ("393123456789", "IT", "+393123456789", "phone_plus_added"),
    ("3123456789", "IT", "+393123456789", "phone_country_code_added"),
    ("390612345678", "IT", "+390612345678", "phone_plus_added"),
    ("06 1234 5678", "IT", "+390612345678", "phone_country_code_added"),
    ("0612345678", "IT", "+390612345678", "phone_country_code_added"),
    ("+39 06 1234 5678", "US", "+390612345678", "phone_reformatted"),
    ("5491123456789", "AR", "+5491123456789", "phone_plus_added"),
    ("011 15 2345-6789", "AR", "+5491123456789", "phone_country_code_added"),
    ("11 2345-6789", "AR", "+541123456789", "phone_country_code_added"),
    ("+54 9 11 2345 6789", "US", "+5491123456789", "phone_reformatted"),
    ("8 (727) 234-56-78", "KZ", "+77272345678", "phone_country_code_added"),
    ("77012345678", "KZ", "+77012345678", "phone_plus_added"),
    ("8 701 234 56 78", "KZ", "+77012345678", "phone_country_code_added"),
    ("+7 701 234 5678", "RU", "+77012345678", "phone_reformatted"),
]
MEXICO = [
    ("+52 1 55 1234 5678", "MX", "+525512345678", "phone_brought_up_to_date"),
    ("+5215512345678", "US", "+525512345678", "phone_brought_up_to_date"),
    ("5215512345678", "MX", "+525512345678", "phone_brought_up_to_date"),
    ("0052 1 55 1234 5678", "DE", "+525512345678", "phone_brought_up_to_date"),
    ("00 52 1 55 1234 5678", "DE", "+525512345678", "phone_brought_up_to_date"),
    ("+52 55 1234 5678", "US", "+525512345678", "phone_reformatted"),
    ("whatsapp:+5215512345678", "US", "+525512345678", "phone_brought_up_to_date"),
    ("044 55 1234 5678", "MX", None, "phone_too_long"),
    ("521 55 1234 5678", "MX", "+525512345678", "phone_brought_up_to_date"),
    ("+52 1 55 1234", "MX", None, "phone_no_area_code"),
]
ALREADY_PLAIN = [
    ("00 44 20 7946 0958", "DE", "+442079460958", "phone_international_prefix_replaced"),
    ("+44 (0)20 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("+49 (0) 30 12345678", "US", "+493012345678", "phone_reformatted"),
    ("+44 020 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("0044 (0) 20 7946 0958", "DE", "+442079460958", "phone_international_prefix_replaced"),
    ("++44 20 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("+ 44 20 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("(+44) 20 7946 0958", "US", "+442079460958", "phone_reformatted"),
    ("2025550123.0", "US", None, "phone_spreadsheet_damage"),
    ("2025550123.0", "US", "+12025550123", "phone_figure_undone", (), {"repair": True}),
    ("4.915112345678E+12", "DE", None, "phone_spreadsheet_damage", (), {"repair": True}),
    ("+491711234567.0", "DE", None, "phone_spreadsheet_damage"),
    ("+491711234567.0", "DE", "+491711234567", "phone_figure_undone", (), {"repair": True}),
    ("+49 171 1234567,00", "DE", None, "phone_spreadsheet_damage"),
    ("Tel: 0171 1234567.0", "DE", None, "phone_spreadsheet_damage"),
    ("415 555 2671.0", "US", None, "phone_spreadsheet_damage", (), {"repair": True}),
    ("01.23.45.67.00", "FR", "+33123456700", "phone_country_code_added"),
    ("090ー1234ー5678", "JP", "+819012345678", "phone_country_code_added"),
    ("サーバー: 03-1234-5678", "JP", "+81312345678", "phone_label_dropped"),
    ("612345678", "FR", "+33612345678", "phone_country_code_added"),
    ("+1 202 555 0123,,123", "US", "+12025550123", "phone_extension_dropped"),
    ("tel:+1-202-555-0123;ext=12", "US", "+12025550123", "phone_extension_dropped"),
    ("tel:555-0123;phone-context=+1-202", "US", "+12025550123", "phone_letters_changed"),
    ("202.555.0123", "US", "+12025550123", "phone_country_code_added"),
    ("202 555 0123.", "US", "+12025550123", "phone_country_code_added"),
    ("202–555–0123", "US", "+12025550123", "phone_country_code_added"),
    ("555-0123", "US", None, "phone_no_area_code"),
    ("+1 555 012", "US", None, "phone_too_short"),
    ("+999 123456789", "US", None, "phone_invalid_country_code"),
]
OTHER = [
    ("030 12345678 DE", "DE", None, "phone_holds_letters"),
    ("DE 030 12345678", "DE", None, "phone_holds_letters"),
    ("(DE) 030 12345678", "DE", "+493012345678", "phone_note_dropped"),
    ("Tel 1: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    (
        "030 12345678 (Büro), 0151 12345678 (privat)",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("+4915112345678",),
    ),
    (
        "030 12345678 Büro / 0151 12345678 privat",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("+4915112345678",),
    ),
    ("01/23456789", "AT", "+43123456789", "phone_country_code_added"),
    ("0151 / 12345678", "DE", "+4915112345678", "phone_country_code_added"),
    ("0151 123 456 78", "DE", "+4915112345678", "phone_country_code_added"),
    ("1) 030 12345678 2) 0151 12345678", "DE", None, "phone_too_long"),
    ("0612345678 of 0201234567", "NL", "+31612345678", "phone_one_of_several", ("+31201234567",)),
    ("31/12/2020", "DE", None, "phone_invalid_for_region"),
    ("2020-12-31", "US", None, "phone_too_short"),
    ("12:30", "US", None, "phone_not_a_number"),
    ("https://example.com/030", "DE", None, "phone_holds_letters"),
    ("030 12345678?", "DE", None, "phone_masked"),
    ("ca. 030 12345678", "DE", None, "phone_holds_letters"),
    ("+49 30 12345678 / 79", "US", None, "phone_several_readings"),
    ("415-555-2671/2672", "US", None, "phone_several_readings"),
    (
        "415.555.2671 x 12 or 415.555.2672 x 13",
        "US",
        "+14155552671",
        "phone_one_of_several",
        ("+14155552672",),
    ),
    ("0 30 / 12 34 56 78", "DE", "+493012345678", "phone_country_code_added"),
    ("+41 44 668 18 00", "US", "+41446681800", "phone_reformatted"),
    ("Phone 1: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Tel + Fax: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Tel. und Fax 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Fax+Tel: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Fx: 030 12345678", "DE", None, "phone_is_fax"),
    (
        "Tel: 030 12345678 und Fax 030 12345679",
        "DE",
        "+493012345678",
        "phone_one_of_several",
        ("phone_is_fax",),
    ),
    ("Tfno. 912 345 678", "ES", "+34912345678", "phone_label_dropped"),
    ("Teléf. 912345678", "ES", "+34912345678", "phone_label_dropped"),
    ("Móv. 612345678", "ES", "+34612345678", "phone_label_dropped"),
    ("Faks: 22 123 45 67", "PL", None, "phone_is_fax"),
    ("Telefon 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("Telefonnummer030 12345678", "DE", "+493012345678", "phone_label_dropped"),
    ("(415) 555-2671 x123 / (415) 555-2672", "US", "+14155552671", "phone_one_of_several", ("+14155552672",)),
    ("+49 (0)30/123456-0", "DE", "+49301234560", "phone_reformatted"),
    ("2,025,550,123", "US", None, "phone_not_a_number"),
    ("t.: 030 12345678", "DE", "+493012345678", "phone_label_dropped"),
]

CELLS = [
    *STANDS_AROUND,
    *LABELS,
    *LETTERS_THAT_ARE_LABELS,
    *BESIDE_A_NUMBER,
    *EXTENSIONS_AND_NOTES,
    *MASKS_AND_LETTERS,
    *NOT_NUMBERS,
    *FAXES,
    *OUT_OF_USE,
    *SEVERAL,
    *LONG_GROUPS,
    *COUNTRY_CODES,
    *MEXICO,
    *ALREADY_PLAIN,
    *OTHER,
]


def ask(cells: list[str], regions: list[str | None], **options: object):
    return split_phones(pl.Series(cells, dtype=pl.String), pl.Series(regions, dtype=pl.String), **options)


@pytest.mark.parametrize("line", CELLS, ids=lambda line: ascii(line[0]))
def test_a_cell_gives_its_number_or_the_reason_why_not(line):
    cell, region, e164, code, others, options = (*line, *((), {})[len(line) - 4 :])
    split = ask([cell], [region], **options)

    assert split.first.rows() == [(e164, code)]
    assert tuple(value or refused for _, value, refused in split.others.rows()) == others
    assert code in WORDING if code else e164 in {cell, None}


EVERY = int(os.environ.get("CELLS_EVERY", "5"))  # 1: each of them, see `make soak`


@pytest.mark.parametrize("options", [{}, {"repair": True}], ids=str)
def test_a_column_of_all_of_them_has_the_verdicts_of_each_alone(options):
    cells, regions = [line[0] for line in CELLS] * 20, [line[1] for line in CELLS] * 20
    alone = {at: ask([cells[at]], [regions[at]], **options) for at in range(0, len(CELLS), EVERY)}
    split = ask(cells, regions, **options)

    assert split.first.equals(normalise_phones(pl.Series(cells), pl.Series(regions), **options))
    assert [split.first.row(at) for at in alone] == [one.first.row(0) for one in alone.values()]
    listed = [(at, *found) for at, one in alone.items() for _, *found in one.others.rows()]
    assert split.others.filter(pl.col("row").is_in(list(alone))).rows() == listed


def test_blank_cells_have_neither_number_nor_code():
    split = ask(["", " ", "\u200b", "\u00a0"], ["US"] * 4)
    assert split.first.null_count().row(0) == (4, 4)
    assert split.others.is_empty()
