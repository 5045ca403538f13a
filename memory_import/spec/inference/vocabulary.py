"""What columns of customer exports are called, in English, German, French, Spanish, Portuguese, Italian and Dutch.

A phrase is written as the words of a header are compared: small letters without diacritics. Which concept a
header names is decided in `headers`: the longest phrase that it holds wins.
"""

from enum import StrEnum


class Concept(StrEnum):
    """What a column says of a customer."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    FULL_NAME = "full name"
    NAME_PART = "a part of the name"
    EMAIL = "email address"
    PHONE = "phone number"
    FAX = "fax number"
    CUSTOMER_ID = "id of the customer"
    OTHER_ID = "id of something else"
    OWNER = "owner"
    COMPANY = "company"
    JOB_TITLE = "job title"
    CITY = "city"
    POSTAL_CODE = "postal code"
    COUNTRY = "country"
    STATE = "state"
    STREET = "street"
    BIRTHDAY = "birthday"
    CREATED = "created"
    MODIFIED = "last modified"
    ACTIVITY = "activity"
    EMAIL_OPT_OUT = "email opt-out"
    EMAIL_OPT_IN = "email opt-in"
    SMS_OPT_OUT = "SMS opt-out"
    SMS_OPT_IN = "SMS opt-in"
    PHONE_OPT_OUT = "phone opt-out"
    DELETED = "deleted"
    STATUS = "status"
    LEAD_SOURCE = "lead source"
    TRACKING = "attribution of a tracker"
    TAGS = "tags"
    INTERESTS = "interests"
    NOTE = "note"
    OCCURRED = "when it happened"
    LINK = "link"
    TECHNICAL = "technical"
    LABEL = "label of another column"
    LANGUAGE = "language"


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.replace("\n", ",").split(",") if phrase.strip())


PHRASES: dict[Concept, tuple[str, ...]] = {
    Concept.FIRST_NAME: _phrases(
        """first name, firstname, given name, givenname, forename, fname, christian name, vorname, rufname,
        prenom, nombre, nombre de pila, primer nombre, primeiro nome, nome proprio, nome, voornaam, roepnaam"""
    ),
    Concept.LAST_NAME: _phrases(
        """last name, lastname, surname, family name, familyname, lname, nachname, familienname, zuname,
        nom de famille, nom, apellido, apellidos, primer apellido, sobrenome, apelido, ultimo nome, cognome,
        achternaam, familienaam"""
    ),
    Concept.FULL_NAME: _phrases(
        """full name, fullname, name, display name, customer name, contact name, client name, person name,
        subscriber name, vollstandiger name, kundenname, ansprechpartner, name des kunden, nom complet,
        nom du client, nom et prenom, nombre completo, nombre y apellidos, nombre del cliente, nome completo,
        nome do cliente, nome e cognome, nome del cliente, nominativo, volledige naam, naam, klantnaam"""
    ),
    Concept.NAME_PART: _phrases(
        """salutation, title of courtesy, courtesy title, name prefix, name suffix, prefix, suffix, honorific,
        middle name, middlename, second name, middle initial, nickname, nick name, phonetic first name,
        phonetic middle name, phonetic last name, phonetic, file as, initials, anrede, namenszusatz,
        zweiter vorname, spitzname, civilite, deuxieme prenom, surnom, tratamiento, segundo nombre, apodo,
        tratamento, nome do meio, saudacao, apellido materno, secondo nome, titolo di cortesia, aanhef,
        tussenvoegsel, bijnaam, voorletters, maiden name, geburtsname"""
    ),
    Concept.EMAIL: _phrases(
        """email, e mail, mail, email address, e mail address, mail address, emailaddress, email 1, primary email,
        work email, personal email, mailadresse, e mail adresse, email adresse, courriel, adresse mail,
        adresse e mail, adresse email, adresse electronique, correo, correo electronico, email do cliente,
        correio eletronico, endereco de email, indirizzo email, indirizzo e mail, posta elettronica, pec,
        e mailadres, mailadres, emailadres"""
    ),
    Concept.PHONE: _phrases(
        """phone, phone number, telephone, telephone number, tel, tel no, mobile, mobile phone, mobile number,
        cell, cell phone, cellphone, cellular, work phone, home phone, business phone, other phone,
        primary phone, contact number, msisdn, whatsapp, whatsapp number, sms number, phone no, mobile no,
        telefon, telefonnummer, telefon nummer, rufnummer, handy, handynummer, mobil, mobilnummer,
        mobiltelefon, festnetz, telefonino, portable, telephone portable, telephone mobile, numero de telephone,
        telephone fixe, gsm, movil, telefono, telefono movil, numero de telefono, celular, telefone,
        telemovel, telefone celular, cellulare, numero di telefono, recapito telefonico, telefoon,
        telefoonnummer, mobiel, mobiele nummer, mobiel nummer, vaste telefoon"""
    ),
    Concept.FAX: _phrases("fax, fax number, faxnummer, telefax, telecopie, numero de fax, business fax, home fax"),
    Concept.CUSTOMER_ID: _phrases(
        """id, customer id, customerid, contact id, contactid, record id, client id, user id, userid, person id,
        member id, subscriber id, lead id, external id, externalid, account number, customer number,
        customer no, client number, member number, membership number, contact number id, record number,
        kundennummer, kunden nr, kundennr, kunden id, kontakt id, mitgliedsnummer, debitorennummer,
        numero client, identifiant, identifiant client, id client, code client, numero de client,
        id cliente, numero de cliente, codigo de cliente, codigo cliente, id do cliente, numero do cliente,
        codigo do cliente, codice cliente, numero cliente, klantnummer, klant id, klantnr, relatienummer,
        crm id, guid, uuid"""
    ),
    Concept.OTHER_ID: _phrases(
        """company id, company ids, account id, account ids, owner id, associated company ids, associated deal ids,
        associated company id, campaign id, deal id, deal ids, order id, invoice id, ticket id, parent id,
        organization id, organisation id, firmen id, transaction id, session id, created by id, list id,
        associated deal, associated deals, associated contact ids"""
    ),
    Concept.OWNER: _phrases(
        """owner, contact owner, account owner, lead owner, record owner, owner name, owner email, assigned to,
        assigned user, sales rep, salesperson, sales person, account manager, representative, agent,
        created by, modified by, last modified by, besitzer, zustandig, zustandiger, betreuer,
        kundenbetreuer, bearbeiter, inhaber, verantwortlicher, proprietaire, responsable, commercial,
        charge de clientele, gestionnaire, propietario, asignado a, vendedor, comercial, proprietario,
        responsavel, atribuido a, responsabile, venditore, assegnato a, referente, eigenaar, accountmanager,
        toegewezen aan, verkoper, verantwoordelijke"""
    ),
    Concept.COMPANY: _phrases(
        """company, company name, organization, organisation, organization name, organisation name, account name,
        associated company, business name, employer, firma, firmenname, unternehmen, organisation 1 name,
        societe, entreprise, raison sociale, nom de l entreprise, empresa, compania, razon social,
        nombre de la empresa, nome da empresa, razao social, azienda, ragione sociale, societa, ditta, bedrijf,
        bedrijfsnaam, organisatie, address company"""
    ),
    Concept.JOB_TITLE: _phrases(
        """job title, title, jobtitle, position, role, job, function, occupation, organization title,
        berufsbezeichnung, stelle, funktion, beruf, poste, fonction, titre, profession, cargo, puesto, profesion,
        funcao, profissao, ruolo, qualifica, mansione, professione, functie, functietitel, beroep"""
    ),
    Concept.CITY: _phrases(
        """city, town, locality, mailing city, billing city, shipping city, home city, ort, stadt, wohnort,
        ville, localite, ciudad, poblacion, localidad, cidade, localidade, citta, comune, localita, stad,
        plaats, woonplaats"""
    ),
    Concept.POSTAL_CODE: _phrases(
        """zip, zip code, zipcode, postal code, postalcode, postcode, zip postal code, post code, plz,
        postleitzahl, code postal, codigo postal, cp, cep, codice postale, cap, postcode woonplaats"""
    ),
    Concept.COUNTRY: _phrases(
        """country, country region, country code, country name, nation, land, landercode, land code, staat land,
        pays, code pays, pais, codigo de pais, codigo do pais, paese, nazione, stato estero, landcode"""
    ),
    Concept.STATE: _phrases(
        """state, state province, province, province code, state region, region, county, state code, bundesland,
        kanton, departement, departement region, estado, provincia, comunidad autonoma, uf, regione,
        provincie, address province code"""
    ),
    Concept.STREET: _phrases(
        """street, street address, address, address line, address line 1, address line 2, address 1, address 2,
        address1, address2, mailing street, billing street, formatted address, address formatted, po box,
        extended address, strasse, adresse, anschrift, hausnummer, adresszusatz, rue, adresse ligne 1, direccion,
        calle, domicilio, endereco, rua, logradouro, bairro, indirizzo, via, straat, adres, huisnummer,
        straatnaam, address street, complemento"""
    ),
    Concept.BIRTHDAY: _phrases(
        """birthday, birthdate, birth date, date of birth, dob, birth day, geburtstag, geburtsdatum,
        date de naissance, naissance, anniversaire, fecha de nacimiento, nacimiento, cumpleanos,
        data de nascimento, nascimento, aniversario, data di nascita, compleanno, geboortedatum, verjaardag"""
    ),
    Concept.CREATED: _phrases(
        """created, created at, created on, created date, create date, creation date, date created, date added,
        added, added on, signup date, sign up date, signed up, signed up at, registration date, registered,
        registered at, customer since, member since, subscription date, subscribed at, join date, joined,
        joined at, optin time, confirm time, erstellt, erstellt am, angelegt, angelegt am, erstellungsdatum,
        kunde seit, registriert am, eintrittsdatum, date de creation, cree le, date d inscription,
        client depuis, fecha de creacion, fecha de alta, creado, cliente desde, data de criacao, criado em,
        data de cadastro, data creazione, data di creazione, creato il, data iscrizione, cliente dal,
        aangemaakt, aangemaakt op, aanmaakdatum, klant sinds, inschrijfdatum"""
    ),
    Concept.MODIFIED: _phrases(
        """modified, modified at, modified on, modified date, last modified, last modified date, updated,
        updated at, updated on, last updated, last update, last changed, date modified, change date,
        last modified on, geandert, geandert am, zuletzt geandert,
        letzte anderung, anderungsdatum, modifie le, date de modification, derniere modification, mise a jour,
        fecha de modificacion, ultima modificacion, actualizado, data de modificacao, ultima alteracao,
        atualizado em, data modifica, ultima modifica, modificato il, gewijzigd, gewijzigd op,
        laatst gewijzigd, wijzigingsdatum"""
    ),
    Concept.ACTIVITY: _phrases(
        """last activity, letzte aktivitat, derniere activite, ultima actividad, ultima atividade,
        ultima attivita, laatste activiteit"""
    ),
    Concept.EMAIL_OPT_OUT: _phrases(
        """email opt out, e mail opt out, unsubscribed, unsubscribed from all email, do not email,
        do not allow emails, do not allow email, has opted out of email, opted out of email, email optout,
        opt out, optout, no email, no emails, unsubscribe, bulk email opt out, do not contact, abgemeldet,
        keine e mails, keine werbung, werbesperre, desabonne, desinscrit, ne pas contacter, baja, no contactar,
        descadastrado, nao contatar, disiscritto, non contattare, afgemeld, niet mailen"""
    ),
    Concept.EMAIL_OPT_IN: _phrases(
        """email opt in, e mail opt in, opt in, optin, accepts email marketing, accepts marketing,
        email marketing consent, marketing consent, consent, subscribed, newsletter, email consent,
        accepts email, agrees to marketing, einwilligung, werbeeinwilligung, newsletter abonniert,
        consentement, abonne, inscrit newsletter, consentimiento, acepta publicidad, suscrito, consentimento,
        aceita marketing, inscrito, consenso, consenso marketing, iscritto, toestemming, nieuwsbrief"""
    ),
    Concept.SMS_OPT_OUT: _phrases("sms opt out, do not text, do not sms, sms optout, no sms, keine sms"),
    Concept.SMS_OPT_IN: _phrases(
        "sms opt in, accepts sms marketing, sms consent, sms marketing consent, sms optin, sms einwilligung"
    ),
    Concept.PHONE_OPT_OUT: _phrases(
        """do not call, do not allow phone calls, do not phone, phone opt out, no phone calls, keine anrufe,
        ne pas appeler, no llamar, nao ligar, non chiamare, niet bellen, do not allow faxes,
        do not allow mails, do not allow bulk emails"""
    ),
    Concept.DELETED: _phrases(
        """deleted, is deleted, isdeleted, deleted at, archived, is archived, geloscht, geloscht am, archiviert,
        supprime, archive, eliminado, archivado, excluido, apagado, arquivado, eliminato, cancellato, archiviato,
        verwijderd, gearchiveerd"""
    ),
    Concept.STATUS: _phrases(
        """status, contact status, customer status, account status, record status, state of contact, member rating,
        kundenstatus, statut, estado del cliente, estado de cliente, situacao, stato, stato cliente,
        klantstatus"""
    ),
    Concept.LEAD_SOURCE: _phrases(
        """lead source, source, referral source, how did you hear about us, acquisition channel, quelle,
        herkunft, leadquelle, origine, provenance, origen, origem, fonte, provenienza, bron, herkomst"""
    ),
    Concept.TRACKING: _phrases(
        """original source, original traffic source, original source drill down 1, original source drill down 2,
        latest source, latest traffic source, utm source, utm medium, utm campaign, utm term, utm content,
        ip address, optin ip, confirm ip, gclid, user agent, latitude, longitude, gmtoff, dstoff, timezone offset,
        first page seen, last page seen, referrer, referring domain"""
    ),
    Concept.TAGS: _phrases(
        """tags, tag, labels, groups, segments, segment, lists, list memberships, categories, category, group membership,
        schlagworter, schlagworte, kategorien, kategorie, gruppen, etiquettes, groupes, categorie, categories du client,
        etiquetas, grupos, categorias, marcadores, etichette, gruppi, tag cliente, labels klant, groepen,
        categorieen"""
    ),
    Concept.INTERESTS: _phrases(
        """interests, interest, product interest, product interests, interessen, interesse, produktinteresse,
        interets, centres d interet, intereses, interesses, interessi, interesses klant, topics, hobbies"""
    ),
    Concept.NOTE: _phrases(
        """note, notes, comment, comments, message, remarks, remark, description, memo, content, body, text,
        call notes, internal notes, notiz, notizen, bemerkung, bemerkungen, kommentar, kommentare, nachricht,
        beschreibung, inhalt, remarque, remarques, commentaire, commentaires, nota, notas, comentario,
        comentarios, observaciones, observacoes, mensagem, annotazioni, commento, commenti, osservazioni,
        opmerking, opmerkingen, notitie, notities, bericht"""
    ),
    Concept.OCCURRED: _phrases(
        """occurred at, occurred, date, time, timestamp, date time, datetime, activity date, note date, call date,
        when, datum, zeit, zeitpunkt, uhrzeit, date heure, horodatage, fecha, hora, fecha y hora, data,
        data e hora, data e ora, data ora, tijdstip, datum tijd"""
    ),
    Concept.LINK: _phrases(
        """url, website, web site, webpage, homepage, photo, photo url, avatar, image, picture, linkedin, twitter,
        facebook, instagram, profile url, webseite, internetseite, site web, sitio web, pagina web,
        sito web, sito internet, foto, bild, website url"""
    ),
    Concept.TECHNICAL: _phrases(
        """checksum, row checksum, row version, hash, etag, system modstamp,
        systemmodstamp, import batch, row number, unnamed, index, leid, euid, version number"""
    ),
    Concept.LANGUAGE: _phrases(
        "language, preferred language, locale, sprache, langue, idioma, lingua, taal, preferred language code"
    ),
}

TRAITS: dict[Concept, tuple[str, str]] = {
    Concept.FIRST_NAME: ("Contact", "firstName"),
    Concept.LAST_NAME: ("Contact", "lastName"),
    Concept.EMAIL: ("Contact", "email"),
    Concept.PHONE: ("Contact", "phone"),
    Concept.CUSTOMER_ID: ("Crm", "externalId"),
    Concept.OWNER: ("Crm", "owner"),
    Concept.COMPANY: ("Crm", "company"),
    Concept.JOB_TITLE: ("Crm", "jobTitle"),
    Concept.CITY: ("Crm", "city"),
    Concept.POSTAL_CODE: ("Crm", "postalCode"),
    Concept.COUNTRY: ("Crm", "country"),
    Concept.BIRTHDAY: ("Crm", "birthday"),
    Concept.CREATED: ("Crm", "createdAt"),
    Concept.EMAIL_OPT_OUT: ("Crm", "emailOptOut"),
    Concept.EMAIL_OPT_IN: ("Crm", "emailOptIn"),
    Concept.SMS_OPT_OUT: ("Crm", "smsOptOut"),
    Concept.SMS_OPT_IN: ("Crm", "smsOptIn"),
    Concept.STATUS: ("Crm", "status"),
    Concept.LEAD_SOURCE: ("Crm", "source"),
    Concept.TAGS: ("Crm", "tags"),
    Concept.INTERESTS: ("Crm", "interests"),
    Concept.LANGUAGE: ("Crm", "language"),
}
"""The trait group and the trait that a concept is kept in; a concept without one takes its name from the header."""

LEFT_OUT: dict[Concept, str] = {
    Concept.NAME_PART: "a part of the name that nobody is addressed or found by",
    Concept.FAX: "a fax number identifies nobody",
    Concept.OTHER_ID: "the id of something else than the customer",
    Concept.STATE: "a part of the address; the country and the city are kept",
    Concept.STREET: "a part of the address; the country and the city are kept",
    Concept.ACTIVITY: "the system's own figure, which changes without the customer",
    Concept.PHONE_OPT_OUT: "no channel that a memory is used for",
    Concept.TRACKING: "a tracker's own attribution",
    Concept.NOTE: "free text; notes with their time belong into a load of observations",
    Concept.LINK: "a link",
    Concept.TECHNICAL: "of the exporting system, not of the customer",
    Concept.LABEL: "names the column beside it",
    Concept.MODIFIED: "decides which row of a person wins (`latest`)",
}
"""Why columns of a concept are not mapped."""

OPT_OUTS = (Concept.EMAIL_OPT_OUT, Concept.SMS_OPT_OUT)
SWITCHES = (*OPT_OUTS, Concept.EMAIL_OPT_IN, Concept.SMS_OPT_IN, Concept.DELETED)
"""Concepts whose cells say yes or no."""

YES = frozenset(
    _phrases("true, yes, y, t, 1, 1.0, on, x, checked, ja, j, wahr, oui, o, vrai, si, sì, s, verdadero, sim, verdadeiro, vero, waar")
)
NO = frozenset(_phrases("false, no, n, f, 0, 0.0, off, unchecked, nein, falsch, non, faux, falso, nao, não, nee, onwaar"))
"""Words for yes and no, in small letters."""

NOTHING = ("\\N", "NULL", "null", "N/A", "n/a", "#N/A", "NA", "None", "none", "nan", "NaN", "-", "--", "(null)", "(blank)", "unknown")
"""Texts that exports write where a cell is empty."""
