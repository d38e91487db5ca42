/** Help from the table of words and the catalogue: a list, a word, a manual page. */
#pragma once

#include "cli/cli.h"

/** Where a word stands in the list, and what it takes. */
struct sph_help_place {
    const char *word, *group, *args;
};
/** The place of a word; every word of sph_words has one (a test holds it). */
const struct sph_help_place *sph_help_place_of(const char *word);
/** Groups in the order of the list, ended by NULL. */
extern const char *const sph_help_groups[];
/** Text of a word: "help.<word>" + suffix with '-' for the spaces; NULL when the catalogue has
 * none. */
const char *sph_help_text(const sph_cli *cli, const char *word, const char *suffix);
/** Text of an option: help.option.<word>.<name>, else help.option.<name>. "VALUE  what it does" for
 * one with a value. */
const char *sph_help_option(const sph_cli *cli, const char *word, const char *option);
/** The value's name at the front of an option's text (empty for a flag), and what follows. */
void sph_help_split(const char *text, bool has_value, sph_slice *value, sph_slice *rest);
/** The manual page saphan(1) in the reader's language, as troff. */
void sph_help_man(const sph_cli *cli);
