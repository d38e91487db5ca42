#include "cli/demo.h"

#include "base/codec.h"
#include "cli/view.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAF_MOST 65536u
#define FILE_MOST ((size_t)64 * 1024 * 1024)

/** The entry that is changed, and how. */
struct edit {
    int64_t index;
    sph_buf leaf;     /* as it was recorded */
    size_t at;        /* of the changed octet in it */
    uint8_t old, new; /* "ngo" becomes "ngx" */
};

static bool is_event(const sph_json *row, const char *event)
{
    return sph_slice_is(sph_slice_str(sph_view_get(row, "event")), event);
}

/** The first receipt that the node sent: an entry that later heads cover. Events come newest first.
 */
static sph_rc choose(struct sph_demo_node *node, struct edit *edit, sph_err *err)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(sph_demo_get(node, "/api/1/ledger/events?limit=1000", &reply, err), err, "events");
    const sph_json *list = sph_json_get(reply.json, "items");
    edit->index = -1;
    for (size_t i = 0; i < sph_json_count(list); i++)
        if (is_event(sph_json_at(list, i), "RECEIPT_SENT"))
            edit->index = sph_json_get_int(sph_json_at(list, i), "index", -1);
    return edit->index >= 0 ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "a receipt in the ledger");
}

static sph_rc load_leaf(struct sph_demo_node *node, const char *partner, struct edit *edit,
                        sph_err *err)
{
    char target[64];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(sph_str_format(target, sizeof(target), err, "/api/1/ledger/proof/%lld",
                           (long long)edit->index),
            err, "target");
    SPH_TRY(sph_demo_get(node, target, &reply, err), err, "entry");
    SPH_TRY(sph_base64_decode(sph_slice_str(sph_view_get(reply.json, "leaf")), &edit->leaf, err),
            err, "entry");
    const size_t name = sph_slice_find(sph_buf_peek(&edit->leaf), sph_slice_str(partner), 0);
    if (name == SIZE_MAX)
        return sph_fail(err, SPH_ENOTFOUND, "the partner's name in the entry");
    edit->at = name + sph_slice_str(partner).len - 1;
    edit->old = edit->leaf.at[edit->at];
    edit->new = 'x';
    return sph_ok();
}

static sph_rc read_whole(int fd, sph_buf *out, sph_err *err)
{
    struct stat st;
    uint8_t *at = NULL;
    size_t done = 0;
    if (fstat(fd, &st) != 0)
        return sph_fail(err, SPH_EIO, "size of the database file");
    SPH_TRY(sph_buf_grow(out, (size_t)st.st_size, &at, err), err, "database file");
    while (done < out->len) {
        const ssize_t got = pread(fd, at + done, out->len - done, (off_t)done);
        if (got <= 0)
            return sph_fail(err, SPH_EIO, "reading the database file");
        done += (size_t)got;
    }
    return sph_ok();
}

/** Every copy of the entry in the file gets this octet: the one that counts is among them. */
static sph_rc write_octet(int fd, sph_slice file, const struct edit *edit, uint8_t octet,
                          sph_err *err)
{
    sph_slice leaf = sph_buf_peek(&edit->leaf);
    unsigned found = 0;
    for (size_t at = sph_slice_find(file, leaf, 0); at != SIZE_MAX;
         at = sph_slice_find(file, leaf, at + 1), found++)
        if (pwrite(fd, &octet, 1, (off_t)(at + edit->at)) != 1)
            return sph_fail(err, SPH_EIO, "writing the database file");
    if (found == 0)
        return sph_fail(err, SPH_ENOTFOUND, "the entry in the database file");
    return fsync(fd) == 0 ? sph_ok() : sph_fail(err, SPH_EIO, "writing the database file");
}

/** What somebody with all rights on the machine could do: change the file itself. edit->leaf
 * becomes what was written. */
static sph_rc change_file(const struct sph_demo_node *node, struct edit *edit, uint8_t octet,
                          sph_err *err)
{
    char path[600];
    SPH_AUTO(sph_buf) file = sph_buf_init(FILE_MOST);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/node.db", node->cli.home), err, "path");
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return sph_fail(err, SPH_EIO, "the database file cannot be opened");
    sph_rc rc = read_whole(fd, &file, err);
    if (rc.code == SPH_OK)
        rc = write_octet(fd, sph_buf_peek(&file), edit, octet, err);
    close(fd);
    SPH_TRY(rc, err, "node.db");
    edit->leaf.at[edit->at] = octet;
    return sph_ok();
}

/** `saphan run` must refuse to start: exit 3, a proof does not hold. */
static sph_rc expect_refusal(struct sph_demo *demo, struct sph_demo_node *node, sph_err *err)
{
    int code = -1;
    const sph_rc rc = sph_demo_start(demo, node, &code, NULL);
    if (rc.code == SPH_ECANCELLED)
        return sph_fail(err, SPH_ECANCELLED, "stopped");
    if (rc.code == SPH_OK || code != SPH_EXIT_PROOF)
        return sph_fail(err, SPH_EPROOF, "the node started over a changed ledger (%d)", code);
    sph_demo_line(demo, SPH_MARK_BAD, "demo.tamper.refused", SPH_ARGS({"party", node->party}));
    return sph_ok();
}

/** `saphan ledger verify`: does it hold, as expected? What it says is shown. */
static sph_rc verify(struct sph_demo *demo, struct sph_demo_node *node, bool expects_good,
                     sph_err *err)
{
    char leaves[SPH_VIEW_ROOM];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(sph_demo_post(node, "/api/1/ledger/verify", NULL, &reply, err), err, "verify");
    const bool is_good = sph_json_get_bool(reply.json, "holds", false);
    if (is_good != expects_good)
        return sph_fail(err, SPH_EPROOF, "ledger verify says %s", is_good ? "good" : "bad");
    if (is_good)
        sph_demo_line(demo, SPH_MARK_OK, "demo.tamper.good",
                      SPH_ARGS({"leaves", sph_view_number(reply.json, "leaves", leaves)}));
    else
        sph_demo_line(demo, SPH_MARK_BAD, "demo.tamper.found",
                      SPH_ARGS({"text", sph_view_get(reply.json, "text")}));
    return sph_ok();
}

static sph_rc tamper(struct sph_demo *demo, struct sph_demo_node *node, struct edit *edit,
                     sph_err *err)
{
    int unused = 0;
    char index[24], old[SPH_PARTY_ROOM], new[SPH_PARTY_ROOM];
    const sph_slice partner = sph_slice_str(demo->node[SPH_DEMO_NGO].party);
    SPH_TRY(choose(node, edit, err), err, "entry");
    SPH_TRY(load_leaf(node, demo->node[SPH_DEMO_NGO].party, edit, err), err, "entry");
    sph_demo_stop(node);
    SPH_TRY(change_file(node, edit, edit->new, err), err, "edit");
    SPH_TRY(sph_str_format(index, sizeof(index), err, "%lld", (long long)edit->index), err, "edit");
    SPH_TRY(sph_str_copy(old, sizeof(old), partner, err), err, "edit");
    SPH_TRY(sph_str_copy(new, sizeof(new), partner, err), err, "edit");
    new[partner.len - 1] = (char)edit->new;
    sph_demo_line(demo, SPH_MARK_WAIT, "demo.tamper.edit",
                  SPH_ARGS({"party", node->party}, {"index", index}, {"old", old}, {"new", new}));
    SPH_TRY(expect_refusal(demo, node, err), err, "start");
    SPH_TRY(verify(demo, node, false, err), err, "verify");
    SPH_TRY(change_file(node, edit, edit->old, err), err, "putting it back");
    SPH_TRY(verify(demo, node, true, err), err, "verify");
    return sph_demo_start(demo, node, &unused, err);
}

sph_rc sph_demo_tamper(struct sph_demo *demo, sph_err *err)
{
    struct edit edit = {.leaf = sph_buf_init(LEAF_MOST)};
    SPH_TRY(sph_demo_step(demo, "demo.step.tamper", err), err, "step");
    const sph_rc rc = tamper(demo, &demo->node[SPH_DEMO_MINISTRY], &edit, err);
    sph_buf_clear(&edit.leaf);
    return rc;
}
