#include "exchange/screening.h"

#include "as4/gzip.h"
#include "packet/attachment.h"
#include "packet/leak_file.h"

#define NAMES_PATH "leak-names.txt"
#define NAMES_ROOM (1u << 20)

sph_rc sph_screen_names(sph_node *node, sph_leak_names **out, sph_err *err)
{
    SPH_AUTO(sph_buf) list = sph_buf_init(NAMES_ROOM);
    const sph_rc rc = sph_file_load(sph_node_env(node)->files, NAMES_PATH, &list, err);
    if (rc.code == SPH_ENOTFOUND) {
        sph_err_clear(err);
        *out = NULL;
        return sph_ok();
    }
    SPH_TRY(rc, err, "list of names");
    return sph_leak_names_new(sph_buf_peek(&list), out, err);
}

static sph_rc feed(void *ctx, sph_slice bytes, sph_err *err)
{
    (void)err;
    sph_leak_file_feed(ctx, bytes);
    return sph_ok();
}

static sph_rc name_of(size_t number, char name[16], sph_err *err)
{
    return sph_str_format(name, 16, err, "a%zu", number + 1);
}

static sph_rc screen_file(const struct sph_submit_attachment *from, const char *name,
                          struct sph_leak_report *report, sph_err *err)
{
    SPH_AUTO_PTR(sph_leak_file) *file = NULL;
    sph_file_source source;
    SPH_TRY(sph_leak_file_new(report, name, from->media_type, &file, err), err, "screen");
    const sph_reader reader = sph_reader_of_file(&source, from->files, from->file, 0, from->len);
    const sph_writer writer = {file, feed};
    SPH_TRY(sph_stream_copy(&reader, &writer, from->len, NULL, err), err, "attachment");
    sph_leak_file_end(file);
    return sph_ok();
}

static sph_rc screen_files(const struct sph_submit *what, struct sph_leak_report *report,
                           sph_err *err)
{
    for (size_t i = 0; i < what->attachment_count; i++) {
        char name[16];
        SPH_TRY(name_of(i, name, err), err, "attachment");
        SPH_TRY(screen_file(&what->attachments[i], name, report, err), err, "attachment %zu",
                i + 1);
    }
    return sph_ok();
}

static sph_rc refuse(const sph_findings *findings, sph_err *err)
{
    return sph_findings_refuse(findings)
               ? sph_fail(err, SPH_EREFUSED, "PK-10 an attachment holds personal data")
               : sph_ok();
}

sph_rc sph_screen_outgoing(const struct sph_submit *what, const sph_leak_names *names,
                           enum sph_packet_type type, enum sph_classification classification,
                           sph_findings *findings, sph_err *err)
{
    struct sph_leak_report report = {.findings = findings,
                                     .text = sph_leak_text_of(type),
                                     .has_notes = true,
                                     .only_warns = classification > SPH_CLASS_PARTNERS,
                                     .names = names};
    const sph_rc rc = screen_files(what, &report, err);
    sph_leak_report_end(&report);
    SPH_TRY(rc, err, "attachments");
    return refuse(findings, err);
}

static sph_rc inflate(sph_node *node, sph_file *part, uint64_t len, sph_file *spool,
                      uint64_t *sealed_len, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    sph_file_source source;
    sph_file_sink sink;
    const sph_reader reader = sph_reader_of_file(&source, files, part, 0, len);
    const sph_writer writer = sph_writer_of_file(&sink, files, spool);
    return sph_gunzip(&reader, &writer, len, sph_node_limits(node), sealed_len, err);
}

static sph_rc open_through(sph_node *node, const sph_packet *packet, size_t number, sph_file *part,
                           uint64_t len, sph_leak_file *file, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    const struct sph_packet_attachment *attachment = sph_packet_attachment_at(packet, number);
    SPH_AUTO(sph_open_file) spool = {files, NULL};
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    sph_file_source source;
    uint64_t sealed_len = 0;
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &spool.file, err), err, "spool");
    SPH_TRY(inflate(node, part, len, spool.file, &sealed_len, err), err, "inflating");
    SPH_TRY(sph_secret_from(sph_slice_of(attachment->key, sizeof(attachment->key)), &key, err), err,
            "attachment key");
    const sph_reader reader = sph_reader_of_file(&source, files, spool.file, 0, sealed_len);
    const sph_writer writer = {file, feed};
    return sph_attachment_open(key, sph_packet_header_of(packet)->packet_id, attachment->id,
                               &reader, sealed_len, attachment->size, &writer, err);
}

static sph_rc screen_part(sph_node *node, const sph_packet *packet, size_t number, sph_file *part,
                          uint64_t len, struct sph_leak_report *report, sph_err *err)
{
    const struct sph_packet_attachment *attachment = sph_packet_attachment_at(packet, number);
    SPH_AUTO_PTR(sph_leak_file) *file = NULL;
    char name[16];
    SPH_TRY(name_of(number, name, err), err, "attachment");
    SPH_TRY(sph_leak_file_new(report, name, attachment->media_type, &file, err), err, "screen");
    SPH_TRY(open_through(node, packet, number, part, len, file, err), err, "attachment");
    sph_leak_file_end(file);
    return sph_ok();
}

sph_rc sph_screen_incoming(sph_node *node, const sph_packet *packet, size_t number, sph_file *part,
                           uint64_t len, sph_findings *findings, sph_err *err)
{
    const sph_packet_header *header = sph_packet_header_of(packet);
    struct sph_leak_report report = {
        .findings = findings, .text = sph_leak_text_of(header->type), .hides_excerpts = true};
    if (header->classification > SPH_CLASS_PARTNERS || len > SPH_SCREEN_INCOMING)
        return sph_ok();
    const sph_rc rc = screen_part(node, packet, number, part, len, &report, err);
    sph_leak_report_end(&report);
    if (rc.code == SPH_EPROOF || rc.code == SPH_EPARSE || rc.code == SPH_ELIMIT) {
        /* Nobody will read it, and nothing is said of octets that do not authenticate. */
        sph_err_clear(err);
        return sph_ok();
    }
    SPH_TRY(rc, err, "attachment %zu", number + 1);
    return refuse(findings, err);
}
