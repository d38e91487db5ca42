#include "packet/leak_parts.h"

#define BLOCKS SPH_LEAK_BLOCKS
#define WARNS SPH_LEAK_WARNS

/* Weight in talk, resource, judgment. DP-03's own patterns block in what this office writes. The
 * others block in threads, where nobody need be named; in publications a plate, an office's address
 * or a judge's name may stand lawfully, so that a person decides. A judgment is a court's text: two
 * roles vouch for its anonymisation (AKN-07) and are shown the dates and e-mail addresses in it. */
static const struct {
    const char *name, *key;
    enum sph_leak_weight weight[3];
} kinds[SPH_LEAK_COUNT] = {
    [SPH_LEAK_EMAIL] = {"email", "packet.leak-email", {BLOCKS, BLOCKS, WARNS}},
    [SPH_LEAK_PHONE] = {"phone", "packet.leak-phone", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_THAI_ID] = {"thai-id", "packet.leak-thai-id", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_ID] = {"id", "packet.leak-id", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_PASSPORT] = {"passport", "packet.leak-passport", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_ACCOUNT] = {"account", "packet.leak-account", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_HANDLE] = {"handle", "packet.leak-handle", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_PLATE] = {"plate", "packet.leak-plate", {BLOCKS, WARNS, WARNS}},
    [SPH_LEAK_COORDINATES] = {"coordinates", "packet.leak-coordinates", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_BIRTH_DATE] = {"birth-date", "packet.leak-birth-date", {BLOCKS, BLOCKS, WARNS}},
    [SPH_LEAK_SHELTER] = {"shelter", "packet.leak-shelter", {BLOCKS, BLOCKS, BLOCKS}},
    [SPH_LEAK_ADDRESS] = {"address", "packet.leak-address", {BLOCKS, WARNS, WARNS}},
    [SPH_LEAK_PERSON] = {"person", "packet.leak-person", {BLOCKS, WARNS, WARNS}},
    [SPH_LEAK_LISTED] = {"listed", "packet.leak-listed", {BLOCKS, BLOCKS, BLOCKS}},
};

static const struct sph_leak_row rows[] = {
    {SPH_LEAK_LISTED, SPH_AT_NAME, SPH_WORD_PASS, sph_leak_listed},
    {SPH_LEAK_COORDINATES, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_decimal},
    {SPH_LEAK_THAI_ID, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_thai_id},
    {SPH_LEAK_COORDINATES, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_degrees},
    {SPH_LEAK_ACCOUNT, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_card},
    {SPH_LEAK_COUNT, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_date},
    {SPH_LEAK_ID, SPH_AT_WORD, SPH_WORD_ID, sph_leak_document},
    {SPH_LEAK_PASSPORT, SPH_AT_WORD, SPH_WORD_PASSPORT, sph_leak_document},
    {SPH_LEAK_ACCOUNT, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_account},
    {SPH_LEAK_PHONE, SPH_AT_DIGIT, SPH_WORD_PASS, sph_leak_phone},
    {SPH_LEAK_PHONE, SPH_AT_WORD, SPH_WORD_DIGIT, sph_leak_phone_words},
    {SPH_LEAK_EMAIL, SPH_AT_SIGN, SPH_WORD_PASS, sph_leak_email},
    {SPH_LEAK_EMAIL, SPH_AT_WORD, SPH_WORD_AT, sph_leak_email_words},
    {SPH_LEAK_HANDLE, SPH_AT_SIGN, SPH_WORD_PASS, sph_leak_at_handle},
    {SPH_LEAK_HANDLE, SPH_AT_WORD, SPH_WORD_CHAT, sph_leak_chat},
    {SPH_LEAK_HANDLE, SPH_AT_WORD, SPH_WORD_CHAT_ID, sph_leak_chat_id},
    {SPH_LEAK_HANDLE, SPH_AT_WORD, SPH_WORD_CHAT_URL, sph_leak_chat_url},
    {SPH_LEAK_COORDINATES, SPH_AT_SIGN, SPH_WORD_PASS, sph_leak_plus_code},
    {SPH_LEAK_COORDINATES, SPH_AT_WORD, SPH_WORD_MAP, sph_leak_map},
    {SPH_LEAK_ACCOUNT, SPH_AT_LATIN, SPH_WORD_PASS, sph_leak_iban},
    {SPH_LEAK_PASSPORT, SPH_AT_LATIN, SPH_WORD_PASS, sph_leak_passport},
    {SPH_LEAK_PLATE, SPH_AT_WORD, SPH_WORD_PLATE, sph_leak_plate},
    {SPH_LEAK_BIRTH_DATE, SPH_AT_WORD, SPH_WORD_BIRTH, sph_leak_birth},
    {SPH_LEAK_SHELTER, SPH_AT_WORD, SPH_WORD_STREET, sph_leak_street},
    {SPH_LEAK_SHELTER, SPH_AT_WORD, SPH_WORD_HOUSE, sph_leak_street},
    {SPH_LEAK_SHELTER, SPH_AT_WORD, SPH_WORD_SHELTER, sph_leak_shelter},
    {SPH_LEAK_ADDRESS, SPH_AT_WORD, SPH_WORD_HOUSE, sph_leak_house},
    {SPH_LEAK_ADDRESS, SPH_AT_WORD, SPH_WORD_STREET, sph_leak_address},
    {SPH_LEAK_PERSON, SPH_AT_WORD, SPH_WORD_TITLE, sph_leak_titled},
    {SPH_LEAK_PERSON, SPH_AT_WORD, SPH_WORD_NAME, sph_leak_named},
    {SPH_LEAK_COUNT, SPH_AT_DIGIT, SPH_WORD_PASS, NULL},
};

const struct sph_leak_row *sph_leak_rows(void)
{
    return rows;
}

const char *sph_leak_name(enum sph_leak kind)
{
    return kinds[kind].name;
}

const char *sph_leak_key(enum sph_leak kind)
{
    return kinds[kind].key;
}

enum sph_leak_weight sph_leak_weighs(enum sph_leak kind, enum sph_leak_text text)
{
    return kinds[kind].weight[text];
}
