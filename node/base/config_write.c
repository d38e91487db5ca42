#include "base/config.h"

#include "base/config_keys.h"

static sph_rc add_key(const struct sph_config_key *key, const struct sph_config *config,
                      sph_buf *out, struct sph_config_fault *fault, sph_err *err)
{
    struct sph_config taken;
    SPH_AUTO(sph_buf) value = sph_buf_init(SPH_CONFIG_LINE);
    SPH_TRY(sph_config_get(key, config, &value, err), err, "value of %s", key->name);
    if (value.len == 0)
        return sph_ok();
    /* Each value alone first: one with a line end in it would be read back as a key of its own. */
    if (sph_config_set(key, sph_buf_peek(&value), &taken, err).code != SPH_OK) {
        *fault = (struct sph_config_fault){0, "config.value", key->name};
        return sph_fail(err, SPH_EREFUSED, "value of %s", key->name);
    }
    return sph_buf_addf(out, err, "%s = %s\n", key->name, sph_buf_text(&value));
}

static sph_rc add_all(const struct sph_config *config, sph_buf *out, struct sph_config_fault *fault,
                      sph_err *err)
{
    size_t count = 0;
    const char *section = "";
    const struct sph_config_key *keys = sph_config_keys(&count);
    SPH_TRY(sph_buf_add_text(out, "# Saphan node. Unknown keys are errors.\n", err), err,
            "writing");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(section, keys[i].section) != 0)
            SPH_TRY(sph_buf_addf(out, err, "[%s]\n", keys[i].section), err, "writing");
        section = keys[i].section;
        SPH_TRY(add_key(&keys[i], config, out, fault, err), err, "writing");
    }
    return sph_ok();
}

/* The text is read back before anybody gets it: what is written is what will be accepted. */
static sph_rc print_checked(const struct sph_config *config, sph_buf *text,
                            struct sph_config_fault *fault, sph_err *err)
{
    struct sph_config again;
    SPH_TRY(add_all(config, text, fault, err), err, "configuration");
    return sph_config_parse(sph_buf_peek(text), &again, fault, err);
}

sph_rc sph_config_check(const struct sph_config *config, struct sph_config_fault *fault,
                        sph_err *err)
{
    struct sph_config_fault found = {0, NULL, ""};
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_CONFIG_BYTES);
    const sph_rc rc = print_checked(config, &text, &found, err);
    found.line = 0; /* lines of a text that nobody wrote say nothing */
    if (fault)
        *fault = found;
    return rc;
}

sph_rc sph_config_print(const struct sph_config *config, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_CONFIG_BYTES);
    struct sph_config_fault fault;
    SPH_TRY(print_checked(config, &text, &fault, err), err, "configuration");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}

sph_rc sph_config_store(const sph_files *files, const struct sph_config *config, bool replace,
                        sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_CONFIG_BYTES);
    SPH_TRY(sph_config_print(config, &text, err), err, "configuration");
    return sph_file_store(files, SPH_CONFIG_PATH, sph_buf_peek(&text), replace, err);
}

sph_rc sph_config_explain(const struct sph_config_fault *fault, enum sph_lang lang, sph_buf *out,
                          sph_err *err)
{
    char line[16];
    if (!fault->text)
        return sph_ok();
    SPH_TRY(sph_str_format(line, sizeof(line), err, "%u", fault->line), err, "line");
    const sph_arg args[] = {{"line", line}, {"key", fault->key}};
    if (fault->line > 0) {
        SPH_TRY(sph_text_format(lang, "config.place", args, 2, out, err), err, "place of a fault");
        SPH_TRY(sph_buf_add_byte(out, ' ', err), err, "place of a fault");
    }
    return sph_text_format(lang, fault->text, args, 2, out, err);
}
