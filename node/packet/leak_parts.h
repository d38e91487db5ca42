/** Inside of the leak screen: the folded text as matchers see it; for the files leak_*.c only. */
#pragma once

#include "packet/leak.h"

/** Word groups of the lists in leak_words.c. */
enum sph_leak_group {
    SPH_WORD_PASS, /* contains another word and means something else: passed over */
    SPH_WORD_BIRTH,
    SPH_WORD_TITLE,
    SPH_WORD_NAME,
    SPH_WORD_PHONE,
    SPH_WORD_ACCOUNT,
    SPH_WORD_ID,
    SPH_WORD_PASSPORT,
    SPH_WORD_PLATE,
    SPH_WORD_CHAT,
    SPH_WORD_CHAT_ID,
    SPH_WORD_CHAT_URL,
    SPH_WORD_SHELTER,
    SPH_WORD_STREET,
    SPH_WORD_HOUSE,
    SPH_WORD_PLACE,
    SPH_WORD_MAP,
    SPH_WORD_MONTH,
    SPH_WORD_UNIT,
    SPH_WORD_DIGIT,
    SPH_WORD_AT,
    SPH_WORD_DOT,
    SPH_WORD_HANDLE,
    SPH_WORD_IS,
    SPH_WORD_GROUPS
};

#define SPH_LEAK_RUN 26
/** Digits from one group's start on, in groups joined by at most three of " -.()_". */
struct sph_leak_run {
    uint8_t digit[SPH_LEAK_RUN];
    size_t place[SPH_LEAK_RUN];    /* of each digit */
    bool starts[SPH_LEAK_RUN + 1]; /* a group */
    uint32_t sign[SPH_LEAK_RUN];   /* first separator before the group */
    size_t count;
    bool has_plus, is_cut; /* a + before it; its last group goes on */
};

typedef struct sph_leak_words sph_leak_words;
/** The word lists, folded, by their first letter. out: owned. SPH_ENOMEM. */
SPH_MUST sph_rc sph_leak_words_new(sph_leak_words **out, sph_err *err);
/** NULL inside is fine. */
void sph_leak_words_free(sph_leak_words **words);

struct sph_leak_view {
    uint32_t *point;
    size_t count;
    uint64_t steps;
    const sph_leak_words *words;
    const sph_leak_names *names;
    size_t near[SPH_WORD_GROUPS]; /* 1 + end of the group's last word; 0 none */
    struct sph_leak_run run;      /* that begins at the digit which is looked at */
    bool is_shelter;
};
/** The character at i, 0 outside. */
static inline uint32_t sph_leak_at(struct sph_leak_view *view, size_t i)
{
    view->steps++;
    return i < view->count ? view->point[i] : 0;
}
static inline bool sph_leak_is_digit(uint32_t point)
{
    return point - '0' < 10;
}
static inline bool sph_leak_is_latin(uint32_t point)
{
    return (point | 32u) - 'a' < 26;
}
static inline bool sph_leak_is_capital(uint32_t point)
{
    return point - 'A' < 26;
}
/** A letter of Lao or Thai, or a vowel sign. */
static inline bool sph_leak_is_own(uint32_t point)
{
    return (point >= 0xe01 && point <= 0xe4e) || (point >= 0xe81 && point <= 0xedf);
}
static inline bool sph_leak_is_letter(uint32_t point)
{
    return sph_leak_is_latin(point) || (point >= 0xc0 && point != 0xd7 && point != 0xfffd &&
                                        !(point >= 0x2000 && point <= 0x2bff));
}
static inline bool sph_leak_is_word(uint32_t point)
{
    return sph_leak_is_letter(point) || sph_leak_is_digit(point);
}
size_t sph_leak_spaces(struct sph_leak_view *view, size_t i, size_t most);
/** Is the end of the group's last word at most `reach` before i? */
bool sph_leak_near(const struct sph_leak_view *view, enum sph_leak_group group, size_t i,
                   size_t reach);
/** The longest listed word at i: its end and group; false when there is none. */
bool sph_leak_word(struct sph_leak_view *view, size_t i, size_t *end, enum sph_leak_group *group);
/** The longest listed word at i, if it is of this group: its end, else 0. */
size_t sph_leak_word_of(struct sph_leak_view *view, size_t i, enum sph_leak_group group);
/** End of the name of the list that begins at i, or 0. */
size_t sph_leak_names_at(struct sph_leak_view *view, size_t i);

/** The digits of a group that begins at i, and of the groups behind it. */
void sph_leak_run_read(struct sph_leak_view *view, size_t i, struct sph_leak_run *run);
/** Does a group end behind the first `digits`? */
bool sph_leak_run_ends(const struct sph_leak_run *run, size_t digits);
/** Place behind the first `digits` of the run. */
size_t sph_leak_run_end(const struct sph_leak_run *run, size_t digits);
/** Digits of the date that the run begins with (day, month and year), or 0. */
size_t sph_leak_run_date(const struct sph_leak_run *run);

struct sph_leak_span {
    size_t from, to;
};
/** Does the pattern begin at i? For a WORD trigger i is the end of the word. */
typedef bool (*sph_leak_match)(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);

enum sph_leak_trigger {
    SPH_AT_DIGIT, /* first digit of a group */
    SPH_AT_SIGN,  /* one of "@([+" */
    SPH_AT_LATIN, /* first letter of a Latin word */
    SPH_AT_WORD,  /* behind a word of the row's group */
    SPH_AT_NAME,  /* first letter of a word, and each letter of Lao and Thai */
};
struct sph_leak_row {
    enum sph_leak kind; /* SPH_LEAK_COUNT: known to be harmless, passed over */
    enum sph_leak_trigger trigger;
    enum sph_leak_group group;
    sph_leak_match match;
};
/** Each pattern's matchers in the order in which they are asked; ended by match NULL. */
const struct sph_leak_row *sph_leak_rows(void);

/** Thirteen digits whose last one checks the others. */
bool sph_leak_thai_id(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Harmless: a date or an hour, so that it is taken for no number. */
bool sph_leak_date(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A number to call, by its form or behind a word for one. */
bool sph_leak_phone(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Seven or more digits written as words. */
bool sph_leak_phone_words(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A number behind a word for an account. */
bool sph_leak_account(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A payment card by its check digit. */
bool sph_leak_card(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** An account by its check digits. */
bool sph_leak_iban(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Name, at sign in one of its forms, domain. */
bool sph_leak_email(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** The same with "at" and "dot" as words. */
bool sph_leak_email_words(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** An at sign and a name. */
bool sph_leak_at_handle(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A name behind that of a messenger. */
bool sph_leak_chat(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** The same where the word says that a name follows. */
bool sph_leak_chat_id(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A link to an account. */
bool sph_leak_chat_url(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Letters and digits of a passport. */
bool sph_leak_passport(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A number behind a word for a document. */
bool sph_leak_document(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Letters and digits behind a word for a plate. */
bool sph_leak_plate(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Latitude and longitude as decimal numbers. */
bool sph_leak_decimal(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** Degrees and minutes. */
bool sph_leak_degrees(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** An open location code. */
bool sph_leak_plus_code(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A link to a place on a map. */
bool sph_leak_map(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A date to the day behind a word for birth. */
bool sph_leak_birth(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A named street where a shelter is spoken of. */
bool sph_leak_street(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A shelter spoken of where a street was named. */
bool sph_leak_shelter(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A house number behind a word for it. */
bool sph_leak_house(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A house number and a named street. */
bool sph_leak_address(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A name behind a title. */
bool sph_leak_titled(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A name behind a word for one. */
bool sph_leak_named(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
/** A name of the office's list. */
bool sph_leak_listed(struct sph_leak_view *view, size_t i, struct sph_leak_span *span);
