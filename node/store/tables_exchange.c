#include "store/tables_exchange.h"

#include <stddef.h>

/* No title, no question, no name of a person stands here in clear: content is only in
 * packet.sealed, under the packet's own secret, so that destroying the secret leaves nothing
 * readable behind (ledger.md 4). */
const char *const sph_tables_exchange[] = {
    "CREATE TABLE partner("
    " party TEXT PRIMARY KEY, kind TEXT NOT NULL, country TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN ('active','paused','removed')),"
    " serial INTEGER NOT NULL, root BLOB NOT NULL, card BLOB NOT NULL,"
    /* JSON of a foreign product (exchange/pmode.h); its root and card are then empty. */
    " pmode TEXT NOT NULL DEFAULT '',"
    " added_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    " heard_ms INTEGER NOT NULL DEFAULT 0, reached_ms INTEGER NOT NULL DEFAULT 0) STRICT",

    "CREATE TABLE partner_health("
    " party TEXT PRIMARY KEY, clock_ms INTEGER NOT NULL, clock_at_ms INTEGER NOT NULL,"
    " failure_code TEXT NOT NULL, failure_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",

    "CREATE TABLE packet("
    " packet_id TEXT PRIMARY KEY, short_id TEXT NOT NULL, is_own INTEGER NOT NULL, type TEXT NOT "
    "NULL,"
    " issuer TEXT NOT NULL, nonce TEXT NOT NULL, sha256 BLOB NOT NULL, thread_id TEXT NOT NULL,"
    " thread_short TEXT NOT NULL, question TEXT NOT NULL DEFAULT '', seq INTEGER NOT NULL,"
    " in_reply_to TEXT NOT NULL, issued_ms INTEGER NOT NULL, stored_ms INTEGER NOT NULL,"
    " classification TEXT NOT NULL, retention_class TEXT NOT NULL, retention_until TEXT NOT NULL,"
    " supersedes TEXT NOT NULL DEFAULT '', secret_id BLOB NOT NULL CHECK(length(secret_id)=16),"
    " sealed BLOB NOT NULL, is_read INTEGER NOT NULL DEFAULT 0, UNIQUE(issuer, nonce)) STRICT",
    "CREATE INDEX packet_thread ON packet(thread_id, seq) WHERE thread_id <> ''",
    "CREATE INDEX packet_short ON packet(short_id)",
    "CREATE INDEX packet_unread ON packet(stored_ms) WHERE is_read = 0",
    "CREATE INDEX packet_thread_short ON packet(thread_short) WHERE thread_short <> ''",

    "CREATE TABLE attachment("
    " packet_id TEXT NOT NULL REFERENCES packet(packet_id), number INTEGER NOT NULL,"
    " attachment_id TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL,"
    " stored BLOB NOT NULL CHECK(length(stored)=32), stored_len INTEGER NOT NULL,"
    " PRIMARY KEY(packet_id, number)) STRICT, WITHOUT ROWID",

    "CREATE TABLE outbox("
    " id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, packet_id TEXT NOT NULL,"
    " partner TEXT NOT NULL, action TEXT NOT NULL, conversation_id TEXT NOT NULL, suite TEXT NOT "
    "NULL,"
    " ref_to TEXT NOT NULL DEFAULT '',"
    /* Of a message that a hub relays: for whom it is; partner is then the hub. */
    " recipient TEXT NOT NULL DEFAULT '',"
    " state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL,"
    " deadline_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL "
    "DEFAULT 0,"
    " submitted_index INTEGER NOT NULL DEFAULT -1, sent_index INTEGER NOT NULL DEFAULT -1,"
    " receipt_index INTEGER NOT NULL DEFAULT -1, failed_index INTEGER NOT NULL DEFAULT -1,"
    " refs TEXT NOT NULL DEFAULT '', root BLOB, wire BLOB, wire_file TEXT NOT NULL DEFAULT '',"
    " encrypt_cert BLOB, sign_until_ms INTEGER NOT NULL DEFAULT 0,"
    " wire_len INTEGER NOT NULL DEFAULT 0, content_type TEXT NOT NULL DEFAULT '', receipt BLOB,"
    " proof_state TEXT NOT NULL DEFAULT 'none', peer_index INTEGER NOT NULL DEFAULT -1,"
    " peer_leaf BLOB, peer_proof TEXT, error_code TEXT NOT NULL DEFAULT '',"
    " error_detail TEXT NOT NULL DEFAULT '') STRICT",
    /* Looked through at each delivery: with all that is asked of a waiting message, so that its row
     * (with the whole message in it) is not read. */
    "CREATE INDEX outbox_due ON outbox(next_ms, partner, attempt, created_ms)"
    " WHERE state IN " SPH_OUTBOX_OPEN,
    "CREATE INDEX outbox_way ON outbox(partner, state) WHERE state IN " SPH_OUTBOX_OPEN,
    "CREATE INDEX outbox_pull ON outbox(partner, id) WHERE state IN ('ready','ready-again')",
    "CREATE INDEX outbox_ended ON outbox(state) WHERE state IN ('failed','cancelled')",
    "CREATE INDEX outbox_packet ON outbox(packet_id)",
    "CREATE INDEX outbox_handed ON outbox(attempt, created_ms, finished_ms)"
    " WHERE state = 'handed-to-hub'",

    /* Sealed parts on their way (exchange/relay_store.h): of own messages until a hub has them, and
     * of others' while this node relays them. sender: who handed it to this hub, else ''. */
    "CREATE TABLE relay_part("
    " message_id TEXT PRIMARY KEY, sender TEXT NOT NULL, original_sender TEXT NOT NULL,"
    " final_recipient TEXT NOT NULL, tracking_id TEXT NOT NULL, len INTEGER NOT NULL,"
    " part BLOB NOT NULL) STRICT",
    "CREATE INDEX relay_part_sender ON relay_part(sender, final_recipient, len) WHERE sender <> ''",

    /* Packets that came through a hub and whose notice `delivered` is not queued yet. */
    "CREATE TABLE relay_owed("
    " packet_id TEXT PRIMARY KEY, party TEXT NOT NULL) STRICT, WITHOUT ROWID",

    /* SOAP parts of a message before it was made anew for other keys: its receipt may be for any of
     * them. */
    "CREATE TABLE outbox_attempt("
    " outbox_id INTEGER NOT NULL REFERENCES outbox(id), sent_index INTEGER NOT NULL,"
    " root BLOB NOT NULL, root_sha256 BLOB NOT NULL CHECK(length(root_sha256)=32),"
    " PRIMARY KEY(outbox_id, sent_index)) STRICT, WITHOUT ROWID",

    "CREATE TABLE inbox("
    " id INTEGER PRIMARY KEY, partner TEXT NOT NULL, message_id TEXT NOT NULL, packet_id TEXT NOT "
    "NULL,"
    " action TEXT NOT NULL, conversation_id TEXT NOT NULL, suite TEXT NOT NULL, state TEXT NOT "
    "NULL,"
    " ref_to TEXT NOT NULL DEFAULT '',"
    " received_ms INTEGER NOT NULL, received_index INTEGER NOT NULL DEFAULT -1,"
    " receipt_index INTEGER NOT NULL DEFAULT -1, refs TEXT NOT NULL, root BLOB NOT NULL, receipt "
    "BLOB,"
    " duplicates INTEGER NOT NULL DEFAULT 0, duplicate_ms INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(partner, message_id)) STRICT",
    "CREATE INDEX inbox_packet ON inbox(packet_id)",
    "CREATE INDEX inbox_open ON inbox(id) WHERE state = 'stored'",

    /* Pull requests that came: none is answered twice. id: SHA-256 of party and MessageId. */
    "CREATE TABLE pull_seen(id BLOB PRIMARY KEY CHECK(length(id)=32), seen_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE INDEX pull_seen_age ON pull_seen(seen_ms)",

    /* Names of content keys of the last day: none opens two messages. */
    "CREATE TABLE content_key(id BLOB PRIMARY KEY CHECK(length(id)=32), seen_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE INDEX content_key_age ON content_key(seen_ms)",

    "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    NULL,
};

const char *const sph_tables_exchange_names[] = {
    "partner",        "partner_health", "packet",    "attachment", "outbox",
    "outbox_attempt", "inbox",          "pull_seen", "relay_part", "relay_owed",
    "content_key",    "setting",        NULL,
};
