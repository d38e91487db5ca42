#include <stdio.h>

#include "cli/help.h"

/** Text for troff: no character starts a request or an escape by accident. */
static void put(sph_slice text)
{
    bool is_line_start = true;
    for (size_t i = 0; i < text.len; i++) {
        const char c = (char)text.at[i];
        if (is_line_start && (c == '.' || c == '\''))
            fputs("\\&", stdout);
        if (c == '\\')
            fputs("\\e", stdout);
        else if (c == '-')
            fputs("\\-", stdout);
        else
            putchar(c);
        is_line_start = c == '\n';
    }
}

static void put_text(const char *text)
{
    put(sph_slice_str(text));
}

static void section(const sph_cli *cli, const char *key)
{
    fputs(".SH ", stdout);
    put_text(sph_text(cli->lang, key));
    putchar('\n');
}

static void put_options(const sph_cli *cli, const struct sph_word *word)
{
    for (const struct sph_option *option = word->options; option && option->name; option++) {
        sph_slice value, rest;
        sph_help_split(sph_help_option(cli, word->name, option->name), option->has_value, &value,
                       &rest);
        fputs(".TP\n\\fB", stdout);
        put_text(option->name);
        fputs("\\fR", stdout);
        if (value.len > 0) {
            fputs(" \\fI", stdout);
            put(value);
            fputs("\\fR", stdout);
        }
        putchar('\n');
        put(rest);
        putchar('\n');
    }
}

static void put_word(const sph_cli *cli, const struct sph_word *word)
{
    const struct sph_help_place *place = sph_help_place_of(word->name);
    const char *text = sph_help_text(cli, word->name, "");
    const char *more = sph_help_text(cli, word->name, ".more");
    const char *examples = sph_help_text(cli, word->name, ".examples");
    printf(".SS saphan %s %s\n", word->name, place ? place->args : "");
    put_text(text ? text : "");
    putchar('\n');
    if (more) {
        fputs(".PP\n", stdout);
        put_text(more);
    }
    fputs("\n.PP\n.nf\n", stdout);
    put_text(examples ? examples : "");
    fputs("\n.fi\n", stdout);
    put_options(cli, word);
}

void sph_help_man(const sph_cli *cli)
{
    static const char *const sections[] = {"exit", "environment", "files"};
    printf(".TH SAPHAN 1 \"\" \"saphan %s\"\n", SAPHAN_VERSION);
    section(cli, "help.man.name");
    put_text(sph_text(cli->lang, "help.man.name-text"));
    putchar('\n');
    section(cli, "help.man.synopsis");
    fputs("\\fBsaphan\\fR \\fIWORD\\fR [\\fIOPTION\\fR]\\&...\n", stdout);
    section(cli, "help.man.words");
    for (const struct sph_word *word = sph_words; word->name; word++)
        put_word(cli, word);
    section(cli, "help.man.common");
    fputs(".nf\n", stdout);
    put_text(sph_text(cli->lang, "help.common-long"));
    fputs("\n.fi\n", stdout);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        char key[48], text_key[64];
        if (sph_str_format(key, sizeof(key), NULL, "help.man.%s", sections[i]).code != SPH_OK ||
            sph_str_format(text_key, sizeof(text_key), NULL, "help.man.%s-text", sections[i])
                    .code != SPH_OK)
            return;
        section(cli, key);
        fputs(".nf\n", stdout);
        put_text(sph_text(cli->lang, text_key));
        fputs("\n.fi\n", stdout);
    }
}
