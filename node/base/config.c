#include "base/config.h"

#include "base/config_keys.h"
#include "base/unicode.h"

#define MOST_KEYS 32u

struct reading {
    struct sph_config config;
    struct sph_config_fault fault;
    unsigned line;
    bool is_set[MOST_KEYS]; /* by place in the table of keys */
    char section[16];
};

static sph_rc refuse(struct reading *reading, enum sph_code code, const char *text, const char *key,
                     sph_err *err)
{
    reading->fault = (struct sph_config_fault){reading->line, text, key};
    return sph_fail(err, code, "line %u: %s", reading->line, text);
}

static sph_slice trimmed(sph_slice text)
{
    size_t from = 0;
    size_t end = text.len;
    while (from < end && (text.at[from] == ' ' || text.at[from] == '\t'))
        from++;
    while (end > from && memchr(" \t\r", text.at[end - 1], 3))
        end--;
    return sph_slice_sub(text, from, end - from);
}

static const struct sph_config_key *find_key(const char *section, sph_slice name, size_t *index)
{
    size_t count = 0;
    const struct sph_config_key *keys = sph_config_keys(&count);
    for (*index = 0; *index < count; ++*index)
        if (strcmp(keys[*index].section, section) == 0 && sph_slice_is(name, keys[*index].name))
            return &keys[*index];
    return NULL;
}

static bool is_section(sph_slice name)
{
    size_t count = 0;
    const struct sph_config_key *keys = sph_config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (sph_slice_is(name, keys[i].section))
            return true;
    return false;
}

static sph_rc read_section(struct reading *reading, sph_slice line, sph_err *err)
{
    if (line.at[line.len - 1] != ']')
        return refuse(reading, SPH_EPARSE, "config.form", "", err);
    const sph_slice name = trimmed(sph_slice_sub(line, 1, line.len - 2));
    if (!is_section(name))
        return refuse(reading, SPH_EPARSE, "config.section", "", err);
    return sph_str_copy(reading->section, sizeof(reading->section), name, err);
}

static sph_rc read_pair(struct reading *reading, sph_slice line, sph_err *err)
{
    size_t index = 0;
    const size_t equals = sph_slice_find(line, SPH_LIT("="), 0);
    if (equals == SIZE_MAX)
        return refuse(reading, SPH_EPARSE, "config.form", "", err);
    const sph_slice name = trimmed(sph_slice_sub(line, 0, equals));
    const sph_slice value = trimmed(sph_slice_sub(line, equals + 1, SIZE_MAX));
    const struct sph_config_key *key = find_key(reading->section, name, &index);
    if (!key)
        return refuse(reading, SPH_EPARSE, "config.key", "", err);
    if (reading->is_set[index])
        return refuse(reading, SPH_EPARSE, "config.twice", key->name, err);
    if (sph_config_set(key, value, &reading->config, NULL).code != SPH_OK)
        return refuse(reading, SPH_EREFUSED, "config.value", key->name, err);
    reading->is_set[index] = true;
    return sph_ok();
}

static sph_rc read_line(struct reading *reading, sph_slice whole, sph_err *err)
{
    const sph_slice line = trimmed(whole);
    reading->line++;
    if (whole.len > SPH_CONFIG_LINE)
        return refuse(reading, SPH_ELIMIT, "config.long", "", err);
    if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
        return sph_ok();
    if (line.at[0] == '[')
        return read_section(reading, line, err);
    return read_pair(reading, line, err);
}

static sph_rc check_bytes(struct reading *reading, sph_slice text, sph_err *err)
{
    if (text.len > SPH_CONFIG_BYTES)
        return refuse(reading, SPH_ELIMIT, "config.large", "", err);
    if (sph_slice_starts(text, SPH_LIT("\xef\xbb\xbf")))
        return refuse(reading, SPH_EPARSE, "config.mark", "", err);
    if (!sph_utf8_valid(text) || (text.len > 0 && memchr(text.at, 0, text.len)))
        return refuse(reading, SPH_EPARSE, "config.bytes", "", err);
    return sph_ok();
}

static bool has_name(const struct sph_config *config)
{
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        if (config->name[i][0] != '\0')
            return true;
    return false;
}

static sph_rc check_complete(struct reading *reading, sph_err *err)
{
    size_t count = 0;
    const struct sph_config_key *keys = sph_config_keys(&count);
    reading->line = 0;
    for (size_t i = 0; i < count; i++)
        if (keys[i].is_required && !reading->is_set[i])
            return refuse(reading, SPH_EREFUSED, "config.missing", keys[i].name, err);
    if (!has_name(&reading->config))
        return refuse(reading, SPH_EREFUSED, "config.missing", "name_en", err);
    return sph_ok();
}

static sph_rc read_all(struct reading *reading, sph_slice text, sph_err *err)
{
    SPH_TRY(check_bytes(reading, text, err), err, "configuration");
    while (text.len > 0) {
        const size_t end = sph_slice_find(text, SPH_LIT("\n"), 0);
        SPH_TRY(read_line(reading, sph_slice_sub(text, 0, end), err), err, "configuration");
        text = end == SIZE_MAX ? sph_slice_sub(text, 0, 0) : sph_slice_sub(text, end + 1, SIZE_MAX);
    }
    return check_complete(reading, err);
}

sph_rc sph_config_parse(sph_slice text, struct sph_config *out, struct sph_config_fault *fault,
                        sph_err *err)
{
    struct reading reading = {.fault = {0, NULL, ""}};
    sph_config_default(&reading.config);
    const sph_rc rc = read_all(&reading, text, err);
    if (rc.code == SPH_OK)
        *out = reading.config;
    if (fault)
        *fault = reading.fault;
    return rc;
}

sph_rc sph_config_load(const sph_files *files, struct sph_config *out,
                       struct sph_config_fault *fault, sph_err *err)
{
    /* One octet more than allowed, so that sph_config_parse is the one place that refuses. */
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_CONFIG_BYTES + 1);
    const sph_rc rc = sph_file_load(files, SPH_CONFIG_PATH, &text, err);
    if (rc.code == SPH_ELIMIT && fault)
        *fault = (struct sph_config_fault){0, "config.large", ""};
    if (rc.code != SPH_OK)
        return rc;
    return sph_config_parse(sph_buf_peek(&text), out, fault, err);
}
