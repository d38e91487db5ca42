/** What the node is asked to send, made from the options of a word: {"draft":…, "to":[…],
 * "attachments":[…]}, with the draft as docs/drafts.md describes it. */
#pragma once

#include "cli/cli.h"

#define SPH_ORDER_MISSING 12u

/** The first fault is said at once and kept as `code`, later calls then do nothing, so that a word
 * reads without a test after each line. */
typedef struct sph_order {
    sph_cli *cli;
    sph_json *whole;
    sph_json *draft, *body, *header; /* borrowed: inside whole */
    enum sph_lang text_lang;         /* --text-lang, else the reader's */
    const char *missing[SPH_ORDER_MISSING];
    size_t missing_count;
    enum sph_exit code;
} sph_order;

/** Start: from --draft FILE when given, else empty; of `type` unless the file says another. */
void sph_order_init(sph_cli *cli, const char *type, sph_order *out);
/** Start from a parsed draft (taken). */
void sph_order_init_json(sph_cli *cli, sph_json **draft, sph_order *out);
void sph_order_clear(sph_order *order);
/** The code; options that were missed are named in one sentence (exit 2). */
enum sph_exit sph_order_ready(sph_order *order);

/** Set a field of the body from an option; absent options change nothing. list: vocabulary of the
 * option's codes, NULL for none; an unknown code is wrong usage and the known ones are shown. */
void sph_order_option(sph_order *order, const char *field, const char *option, const char *list);
/** The same for an option that may be repeated, or hold a comma list. */
void sph_order_options(sph_order *order, const char *field, const char *option, const char *list);
/** The same for ids of packets that this node has; short ones become whole ones. */
void sph_order_links(sph_order *order, const char *field, const char *option);
/** Set a field unless it is there. */
void sph_order_default(sph_order *order, const char *field, const char *value);
void sph_order_default_list(sph_order *order, const char *field, const char *value);
/** A multilingual field with this original text, in text_lang. */
void sph_order_text(sph_order *order, const char *field, const char *text);
/** Set any field (taken). */
void sph_order_set(sph_order *order, const char *field, sph_json *value);
/** Set a field that has members: {name, value} each. */
void sph_order_set_object(sph_order *order, const char *field, const char *const (*members)[2],
                          size_t count);
/** Note `option` as missed unless the body has the field; or in any case. */
void sph_order_need(sph_order *order, const char *field, const char *option);
void sph_order_miss(sph_order *order, const char *option);
/** Upload each --attach file and name it in the order. */
void sph_order_attach(sph_order *order);
/** Addressees from --to: party ids or kinds, comma separated or repeated; a kind is every active
 * partner of that kind. */
void sph_order_to(sph_order *order);
/** First letter of the short id of the draft's type. */
char sph_order_letter(const sph_order *order);
/** Is `code` in the list? Else says so, with the list. */
bool sph_order_is_code(sph_cli *cli, const char *option, const char *list, const char *code);
