#include "packet/leak.h"

#include "base/unicode.h"
#include "packet/leak_fold.h"
#include "packet/leak_parts.h"

#define WINDOW 4096 /* folded characters held at once */
#define BEHIND 256  /* kept of what was judged: matchers look back no further */
#define AHEAD 512   /* matchers look ahead no further */
#define SHOWN 18    /* characters of an excerpt */

struct sph_leak_scan {
    struct sph_leak_options options;
    struct sph_leak_view view;
    sph_leak_words *words;
    uint32_t point[WINDOW];
    uint32_t line[WINDOW], column[WINDOW]; /* of each character */
    size_t at;                             /* the next to be judged */
    uint32_t now_line, now_column;
    enum sph_leak last; /* the kind of the last find, and where it ends */
    size_t last_to;
    uint8_t held[4]; /* octets of a character that was cut */
    size_t held_len;
};

sph_rc sph_leak_scan_new(const struct sph_leak_options *options, sph_leak_scan **out, sph_err *err)
{
    sph_leak_scan *scan = sph_mem_new(1, sizeof(*scan));
    if (!scan)
        return sph_fail(err, SPH_ENOMEM, "leak screen");
    const sph_rc rc = sph_leak_words_new(&scan->words, err);
    if (rc.code != SPH_OK) {
        sph_mem_free(scan);
        return rc;
    }
    scan->options = *options;
    scan->view = (struct sph_leak_view){.point = scan->point,
                                        .words = scan->words,
                                        .names = options->names,
                                        .is_shelter = options->is_shelter};
    sph_leak_begin(scan, 1);
    *out = scan;
    return sph_ok();
}

void sph_leak_scan_free(sph_leak_scan **scan)
{
    if (!*scan)
        return;
    sph_leak_words_free(&(*scan)->words);
    sph_mem_free(*scan);
    *scan = NULL;
}

uint64_t sph_leak_steps(const sph_leak_scan *scan)
{
    return scan->view.steps;
}

static size_t put_text(char *to, size_t at, const char *more)
{
    for (; *more && at + 1 < SPH_LEAK_EXCERPT; more++)
        to[at++] = *more;
    return at;
}

/* The first character if it is a plain one, the plain signs, and a bullet for everything else. */
static void mask(const struct sph_leak_view *view, const struct sph_leak_span *span, char *to)
{
    size_t at = 0;
    for (size_t i = span->from; i < span->to && i < span->from + SHOWN; i++) {
        const uint32_t point = view->point[i];
        const bool is_sign = point >= 0x20 && point < 0x7f && !sph_leak_is_word(point);
        if (is_sign || (i == span->from && point < 0x7f))
            to[at++] = (char)point;
        else
            at = put_text(to, at, "•");
    }
    if (span->to - span->from > SHOWN)
        at = put_text(to, at, "…");
    to[at] = '\0';
}

/** What was found by a word before it is not found once more by its own form. */
static void note(sph_leak_scan *scan, enum sph_leak kind, const struct sph_leak_span *span)
{
    struct sph_leak_hit hit = {
        .kind = kind, .line = scan->line[span->from], .column = scan->column[span->from]};
    if (kind == scan->last && span->from < scan->last_to)
        return;
    scan->last = kind;
    scan->last_to = span->to;
    mask(&scan->view, span, hit.excerpt);
    scan->options.note(scan->options.arg, &hit);
}

/* The first row that matches; *next is behind it. */
static bool ask_rows(sph_leak_scan *scan, enum sph_leak_trigger trigger, enum sph_leak_group group,
                     size_t i, size_t *next)
{
    for (const struct sph_leak_row *row = sph_leak_rows(); row->match; row++) {
        struct sph_leak_span span = {i, i};
        if (row->trigger != trigger || (trigger == SPH_AT_WORD && row->group != group) ||
            !row->match(&scan->view, i, &span))
            continue;
        if (row->kind != SPH_LEAK_COUNT)
            note(scan, row->kind, &span);
        *next = span.to;
        return true;
    }
    return false;
}

/** What only warns in some texts does not hide what blocks behind it. */
static bool may_warn(enum sph_leak kind)
{
    for (enum sph_leak_text text = SPH_LEAK_IN_TALK; text <= SPH_LEAK_IN_JUDGMENT; text++)
        if (sph_leak_weighs(kind, text) == SPH_LEAK_WARNS)
            return true;
    return false;
}

/** A name may begin within a word that is passed over: Thai and Lao write no blanks. */
static bool ask_names(sph_leak_scan *scan, size_t from, size_t end, size_t *next)
{
    for (size_t i = from; scan->view.names && i < end; i++)
        if (ask_rows(scan, SPH_AT_NAME, SPH_WORD_PASS, i, next))
            return true;
    return false;
}

static size_t judge_digit(sph_leak_scan *scan, size_t i)
{
    size_t next = i + 1;
    if (sph_leak_is_digit(i > 0 ? scan->point[i - 1] : 0))
        return next;
    sph_leak_run_read(&scan->view, i, &scan->view.run);
    (void)ask_rows(scan, SPH_AT_DIGIT, SPH_WORD_PASS, i, &next);
    return next > i ? next : i + 1;
}

static size_t judge_word(sph_leak_scan *scan, size_t i, bool begins)
{
    struct sph_leak_view *view = &scan->view;
    enum sph_leak_group group = SPH_WORD_PASS;
    size_t end = i;
    size_t next = i;
    if (view->names && (begins || !sph_leak_is_latin(scan->point[i])) &&
        ask_rows(scan, SPH_AT_NAME, SPH_WORD_PASS, i, &next))
        return next;
    if ((begins || !sph_leak_is_latin(scan->point[i])) && sph_leak_word(view, i, &end, &group)) {
        view->near[group] = end + 1;
        if (group != SPH_WORD_PASS && ask_rows(scan, SPH_AT_WORD, group, end, &next) && next > end)
            return may_warn(scan->last) ? end : next;
        if (sph_leak_is_own(scan->point[i]))
            return ask_names(scan, i + 1, end, &next) ? next : end;
    }
    if (begins && ask_rows(scan, SPH_AT_LATIN, SPH_WORD_PASS, i, &next) && next > i)
        return next;
    return end > i ? end : i + 1;
}

static size_t judge_one(sph_leak_scan *scan, size_t i)
{
    const uint32_t point = sph_leak_at(&scan->view, i);
    const uint32_t before = i > 0 ? scan->point[i - 1] : 0;
    size_t next = i + 1;
    if (sph_leak_is_digit(point))
        return judge_digit(scan, i);
    if (sph_leak_is_letter(point))
        return judge_word(scan, i, sph_leak_is_latin(point) && !sph_leak_is_latin(before));
    if (point == '@' || point == '(' || point == '[' || point == '+')
        if (ask_rows(scan, SPH_AT_SIGN, SPH_WORD_PASS, i, &next) && next > i)
            return next;
    return i + 1;
}

/* What was judged goes, but for what matchers look back at. */
static void slide(sph_leak_scan *scan)
{
    struct sph_leak_view *view = &scan->view;
    const size_t gone = scan->at > BEHIND ? scan->at - BEHIND : 0;
    for (size_t i = gone; i < view->count; i++) {
        scan->point[i - gone] = scan->point[i];
        scan->line[i - gone] = scan->line[i];
        scan->column[i - gone] = scan->column[i];
    }
    for (size_t g = 0; g < SPH_WORD_GROUPS; g++)
        view->near[g] = view->near[g] > gone ? view->near[g] - gone : 0;
    scan->last_to = scan->last_to > gone ? scan->last_to - gone : 0;
    view->count -= gone;
    scan->at -= gone;
}

static void judge(sph_leak_scan *scan, size_t ahead)
{
    while (scan->at + ahead < scan->view.count)
        scan->at = judge_one(scan, scan->at);
    if (scan->at > scan->view.count)
        scan->at = scan->view.count;
    slide(scan);
}

static void put(sph_leak_scan *scan, uint32_t point)
{
    uint32_t folded[2];
    const size_t count = sph_leak_fold(point, folded);
    scan->now_column++;
    for (size_t i = 0; i < count; i++) {
        if (scan->view.count == WINDOW)
            judge(scan, AHEAD);
        scan->point[scan->view.count] = folded[i];
        scan->line[scan->view.count] = scan->now_line;
        scan->column[scan->view.count++] = scan->now_column;
    }
    if (point == '\n') {
        scan->now_line++;
        scan->now_column = 0;
    }
}

/* Octets that a character which begins so has; 1 for what begins none. */
static size_t octets_of(uint8_t first)
{
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

static void feed_octet(sph_leak_scan *scan, uint8_t octet)
{
    size_t at = 0;
    uint32_t point = 0;
    scan->held[scan->held_len++] = octet;
    while (scan->held_len > 0 && scan->held_len >= octets_of(scan->held[0])) {
        const sph_slice held = sph_slice_of(scan->held, scan->held_len);
        at = 0;
        if (!sph_utf8_next(held, &at, &point)) {
            point = 0xfffd;
            at = 1;
        }
        put(scan, point);
        scan->held_len -= at;
        for (size_t i = 0; i < scan->held_len; i++)
            scan->held[i] = scan->held[i + at];
    }
}

void sph_leak_feed(sph_leak_scan *scan, sph_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (scan->held_len == 0 && text.at[i] < 0x80)
            put(scan, text.at[i]);
        else
            feed_octet(scan, text.at[i]);
    }
}

void sph_leak_begin(sph_leak_scan *scan, unsigned line)
{
    scan->view.count = 0;
    scan->last_to = 0;
    scan->at = 0;
    scan->held_len = 0;
    scan->now_line = line;
    scan->now_column = 0;
    for (size_t g = 0; g < SPH_WORD_GROUPS; g++)
        scan->view.near[g] = 0;
}

void sph_leak_end(sph_leak_scan *scan)
{
    for (size_t i = 0; i < scan->held_len; i++)
        put(scan, 0xfffd);
    judge(scan, 0);
    sph_leak_begin(scan, scan->now_line);
}
