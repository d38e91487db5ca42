/* Every code that a schema allows has a name in Lao, Thai and English: nobody is shown a code. */
#include "base/unicode.h"
#include "packet/fields.h"
#include "packet/schema_files.h"
#include "packet/view.h"
#include "packet/vocabulary.h"
#include "packet_kit.h"

int test_labels(void);

static bool has_script(sph_slice text, enum sph_lang lang)
{
    uint32_t point = 0;
    const uint32_t first = lang == SPH_LANG_LO ? 0xe80 : lang == SPH_LANG_TH ? 0xe00 : 'A';
    const uint32_t last = lang == SPH_LANG_EN ? 'z' : first + 0x7f;
    for (size_t at = 0; sph_utf8_next(text, &at, &point);)
        if (point >= first && point <= last)
            return true;
    return false;
}

/* Names of standards are the same in all languages. */
static bool is_sign(const char *list)
{
    return strcmp(list, "suite") == 0;
}

static size_t faults_of(const char *list, sph_slice code)
{
    char text[96], key[128];
    size_t faults = 0;
    assert_ok(sph_str_copy(text, sizeof(text), code, NULL), NULL);
    assert_ok(sph_str_format(key, sizeof(key), NULL, "code.%s.%s", list, text), NULL);
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        SPH_AUTO(sph_buf) label = sph_buf_init(4096);
        assert_ok(sph_view_code(list, text, (enum sph_lang)lang, &label, NULL), NULL);
        /* An English label may be the code itself: then the catalogue says so. */
        const bool is_own = lang == SPH_LANG_EN && sph_text_has(key);
        const bool is_named =
            (is_own || !sph_slice_equal(sph_buf_peek(&label), code)) &&
            has_script(sph_buf_peek(&label), is_sign(list) ? SPH_LANG_EN : (enum sph_lang)lang);
        if (!is_named)
            print_error("%s, %s: no label in %s\n", list, text, sph_lang_code((enum sph_lang)lang));
        faults += !is_named;
    }
    return faults;
}

static sph_slice file_named(const char *suffix)
{
    for (size_t i = 0; i < sph_schema_file_count; i++)
        if (strcmp(sph_schema_files[i].name, suffix) == 0)
            return sph_slice_of(sph_schema_files[i].bytes, sph_schema_files[i].len);
    fail_msg("no file %s", suffix);
    return sph_slice_of(NULL, 0);
}

static void labels_every_code_of_every_vocabulary_is_named(void **state)
{
    (void)state;
    const sph_slice text = file_named("vocabularies.txt");
    size_t lists = 0, codes = 0, faults = 0;
    for (size_t at = sph_slice_find(text, SPH_LIT("\n["), 0); at != SIZE_MAX;
         at = sph_slice_find(text, SPH_LIT("\n["), at + 1)) {
        char list[64];
        const size_t end = sph_slice_find(text, SPH_LIT(" "), at);
        size_t place = 0;
        assert_ok(sph_str_copy(list, sizeof(list), sph_slice_sub(text, at + 2, end - at - 2), NULL),
                  NULL);
        lists++;
        for (sph_slice code = sph_vocabulary_next(list, &place); code.len > 0;
             code = sph_vocabulary_next(list, &place), codes++)
            faults += faults_of(list, code);
    }
    assert_in_range(lists, 40, 100);
    assert_in_range(codes, 600, 5000);
    assert_int_equal(faults, 0);
}

/* The enumerations that stand in the schemas themselves, by the list that names them to readers. */
static void labels_every_enumeration_of_the_schemas_is_named(void **state)
{
    (void)state;
    static const char *const codes[][8] = {
        {"text-language", "lo", "th", "en"},
        {"flag", "true", "false"},
        {"classification", "public", "partners", "restricted", "sealed"},
        {"personal-data", "none", "pseudonymous", "identifying"},
        {"mode", "production", "training"},
        {"audience", "all", "gov", "ngo", "legal-aid", "la-gov", "th-gov"},
        {"media", "application/pdf", "text/plain", "application/xml", "image/png", "image/jpeg"},
        {"zone", "Asia/Bangkok", "Asia/Vientiane"},
    };
    size_t faults = 0;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        for (size_t j = 1; j < 8 && codes[i][j]; j++)
            faults += faults_of(codes[i][0], sph_slice_str(codes[i][j]));
    assert_int_equal(faults, 0);
}

static size_t unknown_lists(const sph_field *field)
{
    static const char *const own[] = {"text-language", "mode", "zone"}; /* of the test above */
    size_t faults = 0;
    for (; field && field->name; field++) {
        bool is_known = !field->list || sph_vocabulary_exists(sph_slice_str(field->list));
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            is_known = is_known || strcmp(field->list, own[i]) == 0;
        if (!is_known)
            print_error("field %s: no list %s\n", field->name, field->list);
        faults += !is_known + unknown_lists(field->parts);
    }
    return faults;
}

static void labels_every_field_names_a_list_that_is_there(void **state)
{
    (void)state;
    size_t faults = unknown_lists(sph_fields_header());
    for (int type = 0; type < SPH_PACKET_TYPE_COUNT; type++)
        faults += unknown_lists(sph_fields_body((enum sph_packet_type)type));
    assert_int_equal(faults, 0);
}

/* An enumeration value is in a list above, is never shown, or is shown as a badge. */
static bool is_accounted_for(const char *value)
{
    static const char *const lists[] = {
        "text-language", "flag", "classification", "personal-data", "mode", "media", "zone"};
    static const char *const unseen[] = {"original", "human", "machine", "akn", "reference-only",
                                         "tls",      "sign",  "encrypt", "1.0", "current",
                                         "next",     "yes",   "no"};
    char key[128];
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        assert_ok(sph_str_format(key, sizeof(key), NULL, "code.%s.%s", lists[i], value), NULL);
        if (sph_text_has(key))
            return true;
    }
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
        if (strcmp(value, unseen[i]) == 0)
            return true;
    print_error("%s has no label\n", value);
    return false;
}

#define MARK "<xs:enumeration value=\""

static size_t faults_of_schema(const char *file, size_t *seen)
{
    const sph_slice text = file_named(file);
    size_t faults = 0;
    for (size_t at = sph_slice_find(text, SPH_LIT(MARK), 0); at != SIZE_MAX;
         at = sph_slice_find(text, SPH_LIT(MARK), at + 1)) {
        char value[64];
        const size_t from = at + sizeof(MARK) - 1;
        const size_t end = sph_slice_find(text, SPH_LIT("\""), from);
        assert_ok(sph_str_copy(value, sizeof(value), sph_slice_sub(text, from, end - from), NULL),
                  NULL);
        faults += !is_accounted_for(value);
        (*seen)++;
    }
    return faults;
}

static void labels_no_enumeration_of_the_schemas_is_forgotten(void **state)
{
    (void)state;
    static const char *const files[] = {"saphan-types-1.xsd",     "saphan-packet-1.xsd",
                                        "saphan-threads-1.xsd",   "saphan-publications-1.xsd",
                                        "saphan-directory-1.xsd", "saphan-notices-1.xsd"};
    size_t faults = 0, seen = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        faults += faults_of_schema(files[i], &seen);
    assert_in_range(seen, 30, 200);
    assert_int_equal(faults, 0);
}

/* What is no code is shown as it is, made safe: a label is never invented. */
static void labels_unknown_code_is_shown_as_it_is(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"country", "ZZ", NULL},
                                           {"country", "t\x01h", "t\xef\xbf\xbdh"},
                                           {"country", "THA", "THA"},
                                           {"purpose", "other", "other"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SPH_AUTO(sph_buf) label = sph_buf_init(4096);
        assert_ok(sph_view_code(cases[i][0], cases[i][1], SPH_LANG_LO, &label, NULL), NULL);
        if (cases[i][2])
            assert_string_equal(sph_buf_text(&label), cases[i][2]);
        assert_true(label.len > 0);
    }
}

int test_labels(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_every_code_of_every_vocabulary_is_named),
        cmocka_unit_test(labels_every_enumeration_of_the_schemas_is_named),
        cmocka_unit_test(labels_every_field_names_a_list_that_is_there),
        cmocka_unit_test(labels_no_enumeration_of_the_schemas_is_forgotten),
        cmocka_unit_test(labels_unknown_code_is_shown_as_it_is),
    };
    return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
