#include "packet/vocabulary.h"

#include "packet/schema_files.h"

#define FILE_NAME "vocabularies.txt"
#define LIST_NAME_MAX 48

static sph_slice file_text(void)
{
    for (size_t i = 0; i < sph_schema_file_count; i++)
        if (strcmp(sph_schema_files[i].name, FILE_NAME) == 0)
            return sph_slice_of(sph_schema_files[i].bytes, sph_schema_files[i].len);
    return sph_slice_of(NULL, 0);
}

/* The text behind "[list " up to the next heading: "version]\ncode code …". */
static sph_slice section(sph_slice list)
{
    char heading[LIST_NAME_MAX + 4];
    const sph_slice text = file_text();
    if (list.len == 0 || list.len > LIST_NAME_MAX ||
        sph_str_format(heading, sizeof(heading), NULL, "\n[%.*s ", (int)list.len,
                       (const char *)list.at)
                .code != SPH_OK)
        return sph_slice_of(NULL, 0);
    const size_t at = sph_slice_find(text, sph_slice_str(heading), 0);
    if (at == SIZE_MAX)
        return sph_slice_of(NULL, 0);
    const size_t from = at + list.len + 3;
    const size_t end = sph_slice_find(text, SPH_LIT("\n["), from);
    return sph_slice_sub(text, from, end == SIZE_MAX ? text.len : end - from);
}

static sph_slice codes_of(sph_slice list)
{
    const sph_slice part = section(list);
    const size_t bracket = sph_slice_find(part, SPH_LIT("]"), 0);
    return bracket == SIZE_MAX ? sph_slice_of(NULL, 0)
                               : sph_slice_sub(part, bracket + 1, part.len - bracket - 1);
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n';
}

static sph_slice next_code(sph_slice codes, size_t *at)
{
    while (*at < codes.len && is_space(codes.at[*at]))
        (*at)++;
    const size_t from = *at;
    while (*at < codes.len && !is_space(codes.at[*at]))
        (*at)++;
    return sph_slice_sub(codes, from, *at - from);
}

bool sph_vocabulary_has(const char *list, sph_slice code)
{
    const sph_slice codes = codes_of(sph_slice_str(list));
    size_t at = 0;
    if (code.len == 0)
        return false;
    for (sph_slice one = next_code(codes, &at); one.len > 0; one = next_code(codes, &at))
        if (sph_slice_equal(one, code))
            return true;
    return false;
}

bool sph_vocabulary_exists(sph_slice list)
{
    return section(list).len > 0;
}

sph_slice sph_vocabulary_version(const char *list)
{
    const sph_slice part = section(sph_slice_str(list));
    const size_t bracket = sph_slice_find(part, SPH_LIT("]"), 0);
    return bracket == SIZE_MAX ? sph_slice_of(NULL, 0) : sph_slice_sub(part, 0, bracket);
}

sph_slice sph_vocabulary_next(const char *list, size_t *at)
{
    return next_code(codes_of(sph_slice_str(list)), at);
}
