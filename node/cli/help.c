#include "cli/help.h"

static const struct sph_help_place places[] = {
    {"init", "node", "[DIR]"},
    {"run", "node", ""},
    {"pull", "node", ""},
    {"status", "node", ""},
    {"doctor", "node", ""},
    {"demo", "node", ""},
    {"partner card", "partners", ""},
    {"partner add", "partners", "CARD"},
    {"partner certificates", "partners", ""},
    {"partner list", "partners", ""},
    {"partner show", "partners", "PARTY"},
    {"partner ping", "partners", "PARTY"},
    {"partner pause", "partners", "PARTY"},
    {"partner resume", "partners", "PARTY"},
    {"partner remove", "partners", "PARTY"},
    {"check", "documents", "FILE"},
    {"ask", "documents", ""},
    {"reply", "documents", "ID"},
    {"publish", "documents", "FILE"},
    {"send", "documents", "FILE"},
    {"inbox", "documents", ""},
    {"outbox", "documents", ""},
    {"show", "documents", "ID"},
    {"save", "documents", "ID"},
    {"ledger log", "proof", ""},
    {"ledger verify", "proof", ""},
    {"ledger checkpoint", "proof", ""},
    {"ledger proof", "proof", "N"},
    {"verify", "proof", "FILE"},
    {"schema list", "care", ""},
    {"schema install", "care", "XSD"},
    {"version", "care", ""},
    {"help", "care", "[WORD|man]"},
};

const char *const sph_help_groups[] = {"node", "partners", "documents", "proof", "care", NULL};

const struct sph_help_place *sph_help_place_of(const char *word)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (sph_slice_is(sph_slice_str(word), places[i].word))
            return &places[i];
    return NULL;
}

static const char *text_of(const sph_cli *cli, const char *before, const char *word,
                           const char *after)
{
    char key[96];
    if (sph_str_format(key, sizeof(key), NULL, "%s%s%s", before, word, after).code != SPH_OK)
        return NULL;
    for (char *at = key; *at; at++)
        if (*at == ' ')
            *at = '-';
    return sph_text_has(key) ? sph_text(cli->lang, key) : NULL;
}

const char *sph_help_text(const sph_cli *cli, const char *word, const char *suffix)
{
    return text_of(cli, "help.", word, suffix);
}

const char *sph_help_option(const sph_cli *cli, const char *word, const char *option)
{
    char own[64];
    while (*option == '-')
        option++;
    const char *text = NULL;
    if (sph_str_format(own, sizeof(own), NULL, "%s.%s", word, option).code == SPH_OK)
        text = text_of(cli, "help.option.", own, "");
    if (!text)
        text = text_of(cli, "help.option.", option, "");
    return text ? text : "";
}

void sph_help_split(const char *text, bool has_value, sph_slice *value, sph_slice *rest)
{
    const sph_slice all = sph_slice_str(text);
    const size_t gap = has_value ? sph_slice_find(all, SPH_LIT("  "), 0) : SIZE_MAX;
    *value = gap == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(all, 0, gap);
    *rest = gap == SIZE_MAX ? all : sph_slice_sub(all, gap + 2, SIZE_MAX);
}
