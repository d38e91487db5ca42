#include "base/log.h"

#include "base/codec.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 4096u
#define TAIL_BYTES 16u /* always left for `,"cut":true}` and the line end */
#define VALUE_BYTES 255u

struct sph_log {
    int fd;
    enum sph_log_level least;
    pthread_mutex_t lock;
};

struct line {
    char at[LINE_BYTES];
    size_t len;
    bool is_cut;
};

static const char *const level_names[] = {
    [SPH_LOG_DEBUG] = "debug",
    [SPH_LOG_INFO] = "info",
    [SPH_LOG_WARN] = "warn",
    [SPH_LOG_ERROR] = "error",
};

static const char *const field_names[] = {
    [SPH_F_MESSAGE] = "message", [SPH_F_PARTNER] = "partner", [SPH_F_CODE] = "code",
    [SPH_F_WHERE] = "where",     [SPH_F_WHAT] = "what",       [SPH_F_SIZE] = "size",
    [SPH_F_COUNT] = "count",     [SPH_F_MS] = "ms",           [SPH_F_INDEX] = "index",
    [SPH_F_ADDRESS] = "address", [SPH_F_PORT] = "port",       [SPH_F_STATE] = "state",
};

/* All of `text` or nothing. */
static bool put(struct line *line, const char *text, size_t len)
{
    if (len > LINE_BYTES - TAIL_BYTES - line->len)
        return false;
    memcpy(line->at + line->len, text, len);
    line->len += len;
    return true;
}

static bool put_text(struct line *line, const char *text)
{
    return put(line, text, strlen(text));
}

/* What comes from outside may be anything: only printable ASCII passes as it is, so that a line
 * stays a line, a terminal is never steered, and no script or name of a person can be read from it.
 */
static bool put_escaped(struct line *line, const char *text)
{
    for (size_t i = 0; i < VALUE_BYTES && text[i] != '\0'; i++) {
        const unsigned char byte = (unsigned char)text[i];
        char escaped[8] = {(char)byte, '\0'};
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
        if (!put_text(line, escaped))
            return false;
    }
    return true;
}

static bool put_member(struct line *line, const char *name, const char *text, int64_t number)
{
    char digits[24];
    if (!put_text(line, ",\"") || !put_text(line, name))
        return false;
    if (text)
        return put_text(line, "\":\"") && put_escaped(line, text) && put_text(line, "\"");
    (void)snprintf(digits, sizeof(digits), "\":%lld", (long long)number);
    return put_text(line, digits);
}

/* A member that does not fit is left out whole and the line says so. */
static void put_value(struct line *line, const sph_log_value *value)
{
    const size_t before = line->len;
    if ((size_t)value->field >= sizeof(field_names) / sizeof(field_names[0]) ||
        !put_member(line, field_names[value->field], value->text, value->number)) {
        line->len = before;
        line->is_cut = true;
    }
}

static void put_head(struct line *line, enum sph_log_level level, const char *event)
{
    struct timespec now = {0};
    char time_text[SPH_TIME_TEXT] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (sph_time_format(now_ms, true, time_text, NULL).code != SPH_OK)
        time_text[0] = '\0';
    (void)put_text(line, "{\"time\":\"");
    (void)put_text(line, time_text);
    (void)put_text(line, "\"");
    (void)put_member(line, "level", level_names[level], 0);
    (void)put_member(line, "event", event, 0);
}

static void write_all(int fd, const char *at, size_t len)
{
    while (len > 0) {
        const ssize_t done = write(fd, at, len);
        if (done <= 0)
            return; /* nothing may depend on the log; a full disk is reported by what needs it */
        at += done;
        len -= (size_t)done;
    }
}

void sph_log_event(sph_log *log, enum sph_log_level level, const char *event,
                   const sph_log_value *values, size_t count)
{
    struct line line;
    if (!log || level < log->least || level > SPH_LOG_ERROR)
        return;
    line.len = 0;
    line.is_cut = false;
    put_head(&line, level, event);
    for (size_t i = 0; i < count; i++)
        put_value(&line, &values[i]);
    const char *tail = line.is_cut ? ",\"cut\":true}\n" : "}\n";
    memcpy(line.at + line.len, tail, strlen(tail));
    (void)pthread_mutex_lock(&log->lock);
    write_all(log->fd, line.at, line.len + strlen(tail));
    (void)pthread_mutex_unlock(&log->lock);
}

sph_rc sph_log_new(int fd, enum sph_log_level least, sph_log **out, sph_err *err)
{
    sph_log *log = sph_mem_new(1, sizeof(*log));
    if (!log)
        return sph_fail(err, SPH_ENOMEM, "log");
    log->fd = fd;
    log->least = least;
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        sph_mem_free(log);
        return sph_fail(err, SPH_ENOMEM, "lock of the log");
    }
    *out = log;
    return sph_ok();
}

void sph_log_free(sph_log **log)
{
    if (!log || !*log)
        return;
    (void)pthread_mutex_destroy(&(*log)->lock);
    sph_mem_free(*log);
    *log = NULL;
}
