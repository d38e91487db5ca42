#include "cli/suggest.h"

#include <stdio.h>
#include <string.h>

#define WORD_MOST 40u
#define NEAR 3u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/** Levenshtein distance of two short words. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MOST + 1];
    const size_t m = sph_slice_str(a).len, n = sph_slice_str(b).len;
    if (m > WORD_MOST || n > WORD_MOST)
        return WORD_MOST;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= m; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            const unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

static void typed_word(int argc, char **argv, char *out, size_t room)
{
    out[0] = '\0';
    if (argc > 1 && argv[1][0] != '-' &&
        sph_str_format(out, room, NULL, "%s %s", argv[0], argv[1]).code == SPH_OK)
        return;
    if (sph_str_format(out, room, NULL, "%s", argv[0]).code != SPH_OK)
        out[0] = '\0';
}

enum sph_exit sph_suggest(const sph_cli *cli, int argc, char **argv)
{
    char typed[128];
    SPH_AUTO(sph_buf) near = sph_buf_init(1024);
    typed_word(argc, argv, typed, sizeof(typed));
    for (const struct sph_word *word = sph_words; word->name; word++) {
        const bool is_group = sph_slice_starts(sph_slice_str(word->name), sph_slice_str(argv[0])) &&
                              word->name[sph_slice_str(argv[0]).len] == ' ';
        if ((is_group || distance(typed, word->name) < NEAR ||
             distance(argv[0], word->name) < NEAR) &&
            sph_buf_addf(&near, NULL, "%ssaphan %s", near.len ? ", " : "", word->name).code !=
                SPH_OK)
            break;
    }
    if (near.len == 0)
        return sph_cli_usage(cli, "cli.unknown-word", SPH_ARGS({"word", argv[0]}));
    return sph_cli_usage(cli, "cli.did-you-mean",
                         SPH_ARGS({"word", argv[0]}, {"words", sph_buf_text(&near)}));
}
