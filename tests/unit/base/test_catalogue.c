/* Every text of every area: complete, in its script, with the same placeholders in each language.
 */
#include "base/lang.h"
#include "base/texts_table.h"
#include "base/unicode.h"
#include "support/test_assert.h"

int test_catalogue(void);

#define MOST_PLACEHOLDERS 12u

/* The placeholders of a text in byte order; false when a brace belongs to none. */
struct placeholders {
    sph_slice name[MOST_PLACEHOLDERS];
    size_t count;
};

static bool is_name(sph_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.at[i], 37))
            return false;
    return name.len > 0;
}

static bool is_after(sph_slice a, sph_slice b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = memcmp(a.at, b.at, len);
    return order > 0 || (order == 0 && a.len > b.len);
}

static void insert(struct placeholders *list, sph_slice name)
{
    size_t at = list->count++;
    assert_in_range(list->count, 1, MOST_PLACEHOLDERS);
    for (; at > 0 && is_after(list->name[at - 1], name); at--)
        list->name[at] = list->name[at - 1];
    list->name[at] = name;
}

static bool find_placeholders(sph_slice text, struct placeholders *out)
{
    out->count = 0;
    for (;;) {
        const size_t open = sph_slice_find(text, SPH_LIT("{"), 0);
        const size_t close = sph_slice_find(text, SPH_LIT("}"), 0);
        if (open == SIZE_MAX && close == SIZE_MAX)
            return true;
        if (open == SIZE_MAX || close == SIZE_MAX || close < open)
            return false;
        const sph_slice name = sph_slice_sub(text, open + 1, close - open - 1);
        if (!is_name(name))
            return false;
        insert(out, name);
        text = sph_slice_sub(text, close + 1, SIZE_MAX);
    }
}

static bool has_same(const struct placeholders *a, const struct placeholders *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!sph_slice_equal(a->name[i], b->name[i]))
            return false;
    return true;
}

static void catalogue_every_key_has_every_language(void **state)
{
    (void)state;
    assert_in_range(sph_texts_count, 20, SIZE_MAX);
    size_t faults = 0;
    for (size_t i = 0; i < sph_texts_count; i++) {
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            sph_err err = {0};
            const sph_slice text = sph_slice_str(sph_texts_table[i].text[lang]);
            if (text.len > 0 && sph_unicode_check(text, NULL, &err).code == SPH_OK)
                continue;
            print_error("%s, %s: empty, or %s\n", sph_texts_table[i].key,
                        sph_lang_code((enum sph_lang)lang), err.frame[0].what);
            faults++;
        }
    }
    assert_int_equal(faults, 0);
}

static void catalogue_placeholders_agree_in_all_languages(void **state)
{
    (void)state;
    size_t faults = 0;
    for (size_t i = 0; i < sph_texts_count; i++) {
        struct placeholders english;
        struct placeholders other;
        const struct sph_text_row *row = &sph_texts_table[i];
        bool is_fine = find_placeholders(sph_slice_str(row->text[SPH_LANG_EN]), &english);
        for (int lang = 1; lang < SPH_LANG_COUNT; lang++)
            is_fine = is_fine && find_placeholders(sph_slice_str(row->text[lang]), &other) &&
                      has_same(&english, &other);
        if (!is_fine)
            print_error("%s: placeholders are faulty or differ\n", row->key);
        faults += !is_fine;
    }
    assert_int_equal(faults, 0);
}

static bool has_script(sph_slice text, uint32_t first, uint32_t last)
{
    uint32_t point = 0;
    for (size_t at = 0; sph_utf8_next(text, &at, &point);)
        if (point >= first && point <= last)
            return true;
    return false;
}

/* No language may be written in another's script by mistake. Texts that are the same in all three
 * languages are signs and names, which have no language. */
static void catalogue_scripts_are_not_mixed_up(void **state)
{
    (void)state;
    size_t faults = 0;
    for (size_t i = 0; i < sph_texts_count; i++) {
        const sph_slice en = sph_slice_str(sph_texts_table[i].text[SPH_LANG_EN]);
        const sph_slice lo = sph_slice_str(sph_texts_table[i].text[SPH_LANG_LO]);
        const sph_slice th = sph_slice_str(sph_texts_table[i].text[SPH_LANG_TH]);
        const bool is_sign = sph_slice_equal(en, lo) && sph_slice_equal(en, th);
        const bool is_fine =
            is_sign || (has_script(lo, 0xe80, 0xeff) && has_script(th, 0xe00, 0xe7f) &&
                        !has_script(lo, 0xe00, 0xe7f) && !has_script(th, 0xe80, 0xeff));
        if (!is_fine)
            print_error("%s: Lao or Thai is missing or mixed up\n", sph_texts_table[i].key);
        faults += !is_fine;
    }
    assert_int_equal(faults, 0);
}

static void catalogue_keys_are_sorted_and_of_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sph_texts_count; i++) {
        const sph_slice key = sph_slice_str(sph_texts_table[i].key);
        assert_true(key.len > 0 && sph_text_has(sph_texts_table[i].key));
        for (size_t at = 0; at < key.len; at++)
            assert_true(key.at[at] > ' ' && key.at[at] < 0x7f);
        if (i > 0)
            assert_true(is_after(key, sph_slice_str(sph_texts_table[i - 1].key)));
    }
}

static void catalogue_every_result_code_has_a_text(void **state)
{
    (void)state;
    for (int code = 0; code < SPH_CODE_COUNT; code++) {
        sph_err err = {0};
        char key[64];
        assert_ok(
            sph_str_format(key, sizeof(key), &err, "code.%s", sph_code_name((enum sph_code)code)),
            &err);
        assert_true(sph_text_has(key));
    }
}

/* The check itself, on texts that it must refuse. */
static void catalogue_faulty_placeholders_are_seen(void **state)
{
    (void)state;
    struct placeholders a;
    struct placeholders b;
    assert_false(find_placeholders(SPH_LIT("{"), &a));
    assert_false(find_placeholders(SPH_LIT("a}"), &a));
    assert_false(find_placeholders(SPH_LIT("{}"), &a));
    assert_false(find_placeholders(SPH_LIT("{A}"), &a));
    assert_false(find_placeholders(SPH_LIT("{a {b}"), &a));
    assert_false(find_placeholders(SPH_LIT("}{"), &a));
    assert_true(find_placeholders(SPH_LIT("{b} {a}"), &a));
    assert_true(find_placeholders(SPH_LIT("{a}{b}"), &b));
    assert_true(has_same(&a, &b));
    assert_true(find_placeholders(SPH_LIT("{a}{bc}"), &b));
    assert_false(has_same(&a, &b));
    assert_true(find_placeholders(SPH_LIT("{a}"), &b));
    assert_false(has_same(&a, &b));
}

int test_catalogue(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_every_key_has_every_language),
        cmocka_unit_test(catalogue_placeholders_agree_in_all_languages),
        cmocka_unit_test(catalogue_scripts_are_not_mixed_up),
        cmocka_unit_test(catalogue_keys_are_sorted_and_of_one_form),
        cmocka_unit_test(catalogue_every_result_code_has_a_text),
        cmocka_unit_test(catalogue_faulty_placeholders_are_seen),
    };
    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
