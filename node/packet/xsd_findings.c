#include "packet/xsd_findings.h"

#include "base/unicode.h"

#define ISSUES_MAX 16

static const struct {
    const char *what, *key;
} keys[] = {
    {"unexpected-element", "xsd.unexpected-element"},
    {"missing-element", "xsd.missing-element"},
    {"bad-value", "xsd.bad-value"},
    {"missing-attribute", "xsd.missing-attribute"},
    {"unexpected-attribute", "xsd.unexpected-attribute"},
    {"not-unique", "xsd.not-unique"},
    {"not-empty", "akn.not-empty"},
};

/* The text between quotes behind `words` in libxml2's own sentence. */
static sph_slice quoted(sph_slice detail, sph_slice words)
{
    const size_t at = sph_slice_find(detail, words, 0);
    if (at == SIZE_MAX)
        return sph_slice_of(NULL, 0);
    const size_t from = at + words.len;
    const size_t end = sph_slice_find(detail, SPH_LIT("'"), from);
    return sph_slice_sub(detail, from, end == SIZE_MAX ? 0 : end - from);
}

/* "2562-05-02": a year of the Buddhist Era where a date stands. */
static bool is_buddhist_year(sph_slice value)
{
    return value.len >= 10 && value.at[0] == '2' && value.at[1] >= '4' && value.at[1] <= '7' &&
           value.at[4] == '-' && value.at[7] == '-';
}

static bool has_own_digits(sph_slice value)
{
    size_t at = 0;
    uint32_t point = 0;
    while (sph_utf8_next(value, &at, &point))
        if ((point >= 0x0e50 && point <= 0x0e59) || (point >= 0x0ed0 && point <= 0x0ed9))
            return true;
    return false;
}

/* Only a date is shown, and only its form is wrong: other values may be anything. */
static const char *key_of_value(const struct sph_xsd_issue *issue, char *shown, size_t room)
{
    const sph_slice value = quoted(sph_slice_str(issue->detail), SPH_LIT("alue '"));
    shown[0] = '\0';
    if (has_own_digits(value))
        return "xsd.own-digits";
    if (!is_buddhist_year(value) || sph_str_copy(shown, room, value, NULL).code != SPH_OK)
        return "xsd.bad-value";
    return "xsd.buddhist-year";
}

/* What is missing is named by libxml2 in braces: "Expected is ( {ns}name )". */
static void name_missing(const struct sph_xsd_issue *issue, char *name, size_t room)
{
    const sph_slice detail = sph_slice_str(issue->detail);
    const size_t at = sph_slice_find(detail, SPH_LIT("xpected is"), 0);
    const size_t brace = at == SIZE_MAX ? at : sph_slice_find(detail, SPH_LIT("}"), at);
    if (brace == SIZE_MAX)
        return;
    size_t end = brace + 1;
    while (end < detail.len && detail.at[end] != ' ' && detail.at[end] != ',')
        end++;
    char text[64];
    if (sph_str_copy(text, sizeof(text), sph_slice_sub(detail, brace + 1, end - brace - 1), NULL)
                .code == SPH_OK &&
        sph_str_copy(name, room, sph_slice_str(text), NULL).code != SPH_OK)
        name[0] = '\0';
}

static void note_issue(void *arg, const struct sph_xsd_issue *issue)
{
    sph_findings *findings = arg;
    char shown[16] = "";
    char name[64] = "";
    const char *key = "xsd.other";
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i].what, issue->what) == 0)
            key = keys[i].key;
    if (strcmp(issue->what, "bad-value") == 0)
        key = key_of_value(issue, shown, sizeof(shown));
    if (strcmp(issue->what, "missing-element") == 0)
        name_missing(issue, name, sizeof(name));
    sph_finding_add(findings, "XSD", issue->line, key, issue->element, name[0] ? name : shown);
}

sph_rc sph_xsd_check(const sph_xsd *xsd, const sph_xml *doc, sph_findings *findings, sph_err *err)
{
    return sph_xsd_validate(xsd, doc, ISSUES_MAX, note_issue, findings, err);
}
