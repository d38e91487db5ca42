/** The leak screen (DP-03): what looks like personal data in a text that must have none. A stream
 * with constant memory and time linear in its octets, whatever they are: Lao, Thai and English
 * words, digits of every script, what is hidden or looks alike (leak_fold.h). A finding has its
 * place and a masked excerpt; the value itself never leaves the screen. Pure. */
#pragma once

#include "base/bytes.h"

enum sph_leak {
    SPH_LEAK_EMAIL,
    SPH_LEAK_PHONE,
    SPH_LEAK_THAI_ID,
    SPH_LEAK_ID, /* of another document of identity: Lao card, family book */
    SPH_LEAK_PASSPORT,
    SPH_LEAK_ACCOUNT,
    SPH_LEAK_HANDLE,
    SPH_LEAK_PLATE,
    SPH_LEAK_COORDINATES,
    SPH_LEAK_BIRTH_DATE,
    SPH_LEAK_SHELTER,
    SPH_LEAK_ADDRESS,
    SPH_LEAK_PERSON, /* a title and a name behind it */
    SPH_LEAK_LISTED, /* of the office's own list of names */
    SPH_LEAK_COUNT
};
/** "email" …: for logs and tests. */
const char *sph_leak_name(enum sph_leak kind);
/** "packet.leak-email" …: the catalogue key of its sentence. */
const char *sph_leak_key(enum sph_leak kind);

/** What is screened: a judgment names judges and offices lawfully, a resource has an address. */
enum sph_leak_text { SPH_LEAK_IN_TALK, SPH_LEAK_IN_RESOURCE, SPH_LEAK_IN_JUDGMENT };
enum sph_leak_weight { SPH_LEAK_WARNS, SPH_LEAK_BLOCKS };
/** At level 0 and 1; at level 2 everything warns (DP-03). */
enum sph_leak_weight sph_leak_weighs(enum sph_leak kind, enum sph_leak_text text);

#define SPH_LEAK_EXCERPT 64
struct sph_leak_hit {
    enum sph_leak kind;
    unsigned line, column;          /* from 1; column in characters of the line */
    char excerpt[SPH_LEAK_EXCERPT]; /* masked: the first character, the signs, and bullets */
};

typedef struct sph_leak_names sph_leak_names;
/** Names that must never leave, one a line of UTF-8; empty lines and lines with # say nothing. A
 * name of fewer than three letters is passed over. SPH_ELIMIT past 5,000 names. */
SPH_MUST sph_rc sph_leak_names_new(sph_slice list, sph_leak_names **out, sph_err *err);
void sph_leak_names_free(sph_leak_names **names);
size_t sph_leak_names_count(const sph_leak_names *names);

struct sph_leak_options {
    void (*note)(void *arg, const struct sph_leak_hit *hit); /* each finding, in order of place */
    void *arg;
    const sph_leak_names *names; /* borrowed; NULL: none */
    bool is_shelter;             /* all of it speaks of a shelter: street words count anywhere */
};
typedef struct sph_leak_scan sph_leak_scan;
SPH_MUST sph_rc sph_leak_scan_new(const struct sph_leak_options *options, sph_leak_scan **out,
                                  sph_err *err);
void sph_leak_scan_free(sph_leak_scan **scan);
/** A new piece of text begins, on this line: no finding reaches across. */
void sph_leak_begin(sph_leak_scan *scan, unsigned line);
/** More of the piece, cut anywhere; octets that are not UTF-8 are taken as signs. */
void sph_leak_feed(sph_leak_scan *scan, sph_slice text);
/** The piece is over; what was held back is judged. */
void sph_leak_end(sph_leak_scan *scan);
/** Characters looked at so far, each time counted: what the time is linear in. */
uint64_t sph_leak_steps(const sph_leak_scan *scan);
