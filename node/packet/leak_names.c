#include "base/unicode.h"
#include "packet/leak_fold.h"
#include "packet/leak_parts.h"

#define NAMES_MOST 5000
#define BUCKETS 1024u
#define POINTS_MOST 64
#define POINTS_LEAST 3

/* Names folded, without blanks, one behind the other in `point`. */
struct name {
    uint32_t from, next; /* next of the bucket, 1-based; 0 ends */
    uint8_t len;
};
struct sph_leak_names {
    uint32_t head[BUCKETS];
    struct name *name;
    uint32_t *point;
    size_t count, points;
};

static uint32_t lower(uint32_t point)
{
    return sph_leak_is_capital(point) ? point + 32 : point;
}

static bool is_between(uint32_t point)
{
    return point == ' ' || point == '-' || point == '.' || point == '_' || point == '\'';
}

static size_t bucket_of(uint32_t a, uint32_t b, uint32_t c)
{
    return (a * 31u * 31u + b * 31u + c) % BUCKETS;
}

/* A line's letters behind the others; 0 when there are too few or too many. */
static size_t read_line(sph_leak_names *names, sph_slice line)
{
    size_t at = 0;
    size_t len = 0;
    uint32_t point = 0;
    while (sph_utf8_next(line, &at, &point)) {
        uint32_t folded[2];
        const size_t count = sph_leak_fold(point, folded);
        for (size_t i = 0; i < count; i++)
            if (!is_between(folded[i])) {
                if (len == POINTS_MOST)
                    return 0;
                names->point[names->points + len++] = lower(folded[i]);
            }
    }
    return len < POINTS_LEAST ? 0 : len;
}

static sph_rc add_line(sph_leak_names *names, sph_slice line, sph_err *err)
{
    if (line.len == 0 || line.at[0] == '#')
        return sph_ok();
    const size_t len = read_line(names, line);
    if (len == 0)
        return sph_ok();
    if (names->count == NAMES_MOST)
        return sph_fail(err, SPH_ELIMIT, "more than %d names", NAMES_MOST);
    const uint32_t *first = names->point + names->points;
    const size_t bucket = bucket_of(first[0], first[1], first[2]);
    names->name[names->count] = (struct name){
        .from = (uint32_t)names->points, .next = names->head[bucket], .len = (uint8_t)len};
    names->head[bucket] = (uint32_t)++names->count;
    names->points += len;
    return sph_ok();
}

static size_t count_lines(sph_slice list)
{
    size_t lines = 1;
    for (size_t i = 0; i < list.len; i++)
        lines += list.at[i] == '\n';
    return lines < NAMES_MOST ? lines : NAMES_MOST;
}

sph_rc sph_leak_names_new(sph_slice list, sph_leak_names **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_leak_names) *names = sph_mem_new(1, sizeof(*names));
    if (!names)
        return sph_fail(err, SPH_ENOMEM, "names");
    /* A character is at most two points, and at least one octet. */
    names->name = sph_mem_new(count_lines(list), sizeof(*names->name));
    names->point = sph_mem_new(list.len * 2 + POINTS_MOST, sizeof(*names->point));
    if (!names->name || !names->point)
        return sph_fail(err, SPH_ENOMEM, "names");
    while (list.len > 0) {
        const size_t end = sph_slice_find(list, SPH_LIT("\n"), 0);
        const size_t len = end == SIZE_MAX ? list.len : end;
        SPH_TRY(add_line(names, sph_slice_sub(list, 0, len), err), err, "names");
        list = sph_slice_sub(list, len + 1, list.len);
    }
    *out = sph_move(names);
    return sph_ok();
}

void sph_leak_names_free(sph_leak_names **names)
{
    if (!*names)
        return;
    sph_mem_free((*names)->name);
    sph_mem_free((*names)->point);
    sph_mem_free(*names);
    *names = NULL;
}

size_t sph_leak_names_count(const sph_leak_names *names)
{
    return names ? names->count : 0;
}

/* The end of the name at i, blanks and hyphens of the text passed over; 0 when it differs. */
static size_t match(struct sph_leak_view *view, size_t i, const uint32_t *point, size_t len)
{
    size_t at = i;
    for (size_t k = 0; k < len; k++, at++) {
        for (size_t n = 0; k > 0 && n < 3 && is_between(sph_leak_at(view, at)); n++)
            at++;
        if (lower(sph_leak_at(view, at)) != point[k])
            return 0;
    }
    const bool goes_on =
        sph_leak_is_latin(point[len - 1]) && sph_leak_is_latin(sph_leak_at(view, at));
    return goes_on ? 0 : at;
}

static uint32_t letter_at(struct sph_leak_view *view, size_t *i)
{
    for (size_t n = 0; n < 3 && is_between(sph_leak_at(view, *i)); n++)
        (*i)++;
    return lower(sph_leak_at(view, (*i)++));
}

size_t sph_leak_names_at(struct sph_leak_view *view, size_t i)
{
    const sph_leak_names *names = view->names;
    size_t at = i;
    const uint32_t a = letter_at(view, &at);
    const uint32_t b = letter_at(view, &at);
    const uint32_t c = letter_at(view, &at);
    size_t best = 0;
    for (uint32_t n = names->head[bucket_of(a, b, c)]; n; n = names->name[n - 1].next) {
        const struct name *name = &names->name[n - 1];
        const size_t end = match(view, i, names->point + name->from, name->len);
        best = end > best ? end : best;
    }
    return best;
}
