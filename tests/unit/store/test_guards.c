/* ledger.md 8, security.md L-02: every way to change what was written, on every ledger table, with
 * recursive_triggers on and off, with and without the allow-list. */
#include "scratch.h"

int test_guards(void);

/* Two rows in every table, so that each attack has something to hit. */
static const char *const rows[] = {
    "INSERT INTO leaf VALUES(0, zeroblob(178))",
    "INSERT INTO leaf VALUES(1, zeroblob(178))",
    "INSERT INTO tile VALUES(0, zeroblob(8192))",
    "INSERT INTO tile VALUES(1, zeroblob(8192))",
    "INSERT INTO checkpoint VALUES(1, zeroblob(32), zeroblob(1))",
    "INSERT INTO checkpoint VALUES(2, zeroblob(32), zeroblob(1))",
    "INSERT INTO cosig VALUES(1, 'w', zeroblob(4), 5, 'line')",
    "INSERT INTO cosig VALUES(2, 'w', zeroblob(4), 5, 'line')",
    "INSERT INTO peer_head VALUES('o', 5, zeroblob(32), zeroblob(1), 1)",
    "INSERT INTO peer_head VALUES('p', 5, zeroblob(32), zeroblob(1), 1)",
};

static const char *const attacks[] = {
    /* leaf */
    "UPDATE leaf SET body=zeroblob(179) WHERE idx=0",
    "UPDATE leaf SET idx=7 WHERE idx=1",
    "UPDATE OR REPLACE leaf SET idx=0 WHERE idx=1",
    "UPDATE OR IGNORE leaf SET body=zeroblob(179)",
    "DELETE FROM leaf WHERE idx=1",
    "DELETE FROM leaf",
    "INSERT INTO leaf VALUES(3, zeroblob(178))",
    "INSERT INTO leaf VALUES(-1, zeroblob(178))",
    "INSERT INTO leaf VALUES(0, zeroblob(179))",
    "INSERT INTO leaf VALUES(NULL, zeroblob(178))",
    "INSERT OR REPLACE INTO leaf VALUES(0, zeroblob(179))",
    "INSERT OR REPLACE INTO leaf VALUES(NULL, zeroblob(178))",
    "REPLACE INTO leaf VALUES(1, zeroblob(179))",
    "INSERT INTO leaf VALUES(1, zeroblob(179)) ON CONFLICT(idx) DO UPDATE SET body=excluded.body",
    "INSERT INTO leaf VALUES(2, zeroblob(177))",
    "INSERT INTO leaf VALUES(2, zeroblob(65536))",
    "INSERT INTO leaf VALUES(2, 'text')",
    "INSERT INTO leaf VALUES(2, NULL)",
    "REPLACE INTO leaf SELECT idx, zeroblob(200) FROM leaf",
    /* tile */
    "UPDATE tile SET hashes=CAST(hex(zeroblob(4096)) AS BLOB) WHERE key=0",
    "UPDATE OR REPLACE tile SET key=0 WHERE key=1",
    "DELETE FROM tile WHERE key=0",
    "INSERT INTO tile VALUES(0, zeroblob(8192))",
    "INSERT INTO tile VALUES(9, zeroblob(8191))",
    "INSERT OR REPLACE INTO tile VALUES(1, zeroblob(8192))",
    "INSERT INTO tile VALUES(1, zeroblob(8192)) ON CONFLICT DO UPDATE SET hashes=excluded.hashes",
    "REPLACE INTO tile VALUES(0, zeroblob(8192))",
    /* checkpoint */
    "UPDATE checkpoint SET root=CAST(hex(zeroblob(16)) AS BLOB)",
    "UPDATE OR REPLACE checkpoint SET size=1 WHERE size=2",
    "DELETE FROM checkpoint WHERE size=2",
    "INSERT INTO checkpoint VALUES(2, zeroblob(32), zeroblob(2))",
    "INSERT INTO checkpoint VALUES(1, zeroblob(32), zeroblob(2))",
    "INSERT INTO checkpoint VALUES(0, zeroblob(32), zeroblob(2))",
    "INSERT INTO checkpoint VALUES(NULL, zeroblob(32), zeroblob(2))",
    "INSERT INTO checkpoint VALUES(3, zeroblob(31), zeroblob(2))",
    "INSERT OR REPLACE INTO checkpoint VALUES(2, zeroblob(32), zeroblob(2))",
    "INSERT INTO checkpoint VALUES(2, zeroblob(32), zeroblob(2)) ON CONFLICT DO UPDATE SET "
    "note=zeroblob(9)",
    "REPLACE INTO checkpoint VALUES(1, zeroblob(32), zeroblob(2))",
    /* cosig */
    "UPDATE cosig SET line='other'",
    "UPDATE OR REPLACE cosig SET size=1 WHERE size=2",
    "DELETE FROM cosig WHERE size=1",
    "INSERT INTO cosig VALUES(1, 'w', zeroblob(4), 5, 'other')",
    "INSERT INTO cosig VALUES(1, 'w', zeroblob(3), 6, 'other')",
    "INSERT OR REPLACE INTO cosig VALUES(1, 'w', zeroblob(4), 5, 'other')",
    "INSERT INTO cosig VALUES(1, 'w', zeroblob(4), 5, 'o') ON CONFLICT DO UPDATE SET line='other'",
    "INSERT INTO cosig VALUES(77, 'w', zeroblob(4), 5, 'no such head')",
    "REPLACE INTO cosig(rowid, size, name, keyid, ts, line) VALUES(1, 1, 'w', zeroblob(4), 5, "
    "'other')",
    /* peer_head */
    "UPDATE peer_head SET size=4 WHERE origin='o'",
    "UPDATE peer_head SET root=CAST(hex(zeroblob(16)) AS BLOB) WHERE origin='o'",
    "UPDATE peer_head SET origin='q' WHERE origin='o'",
    "UPDATE OR REPLACE peer_head SET origin='o' WHERE origin='p'",
    "DELETE FROM peer_head",
    "INSERT INTO peer_head VALUES('o', 9, zeroblob(32), zeroblob(1), 1)",
    "INSERT OR REPLACE INTO peer_head VALUES('o', 1, zeroblob(32), zeroblob(1), 1)",
    "INSERT INTO peer_head VALUES('o', 1, zeroblob(32), x'', 1) ON CONFLICT DO UPDATE SET size=1",
    "REPLACE INTO peer_head VALUES('p', 1, zeroblob(32), zeroblob(1), 1)",
};

/* What only the allow-list forbids. */
static const char *const outside[] = {
    "DROP TABLE leaf",
    "DROP TRIGGER leaf_u",
    "ALTER TABLE leaf RENAME TO other",
    "ALTER TABLE leaf ADD COLUMN more TEXT",
    "CREATE TABLE more(x)",
    "CREATE TEMP TABLE more(x)",
    "CREATE TRIGGER more BEFORE INSERT ON leaf BEGIN SELECT 1; END",
    "CREATE TEMP TRIGGER more AFTER INSERT ON leaf BEGIN DELETE FROM head_pending; END",
    "CREATE VIEW more AS SELECT 1",
    "CREATE INDEX more ON leaf(body)",
    "ATTACH '/tmp/other.db' AS other",
    "DETACH main",
    "PRAGMA writable_schema=ON",
    "PRAGMA journal_mode=DELETE",
    "PRAGMA recursive_triggers=OFF",
    "PRAGMA synchronous=OFF",
    "PRAGMA user_version=9",
    "VACUUM",
    "VACUUM INTO '/tmp/other.db'",
    "REINDEX",
    "ANALYZE",
    "UPDATE sqlite_schema SET sql='' WHERE name='leaf_u'",
    "DELETE FROM sqlite_schema",
    "INSERT INTO sqlite_schema VALUES('trigger', 'x', 'leaf', 0, '')",
    "UPDATE head_pending SET size=1",
    "DELETE FROM peer_head",
    "SELECT load_extension('x')",
    "SELECT randomblob(9)",
    "SELECT writefile('/tmp/x', 'y')",
};

static int make(void **state)
{
    static struct scratch s;
    scratch_make(&s);
    assert_int_equal(sph_db_migrate_node(s.path, NULL, NULL).code, SPH_OK);
    sph_db *db = db_open(&s, SPH_DB_WRITER);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(sql_code(db, rows[i]), SPH_OK);
    sph_db_close(&db);
    *state = &s;
    return 0;
}

static int unmake(void **state)
{
    scratch_remove(*state);
    return 0;
}

/* One number that changes when any row of a ledger table does. */
static int64_t fingerprint(sph_db *db)
{
    return sql_number(
        db, "SELECT (SELECT count(*)*1000003 + sum(length(body)) + sum(idx)*7 FROM leaf)"
            " + (SELECT count(*)*900001 + sum(key)*11 + sum(hex(hashes)=hex(zeroblob(8192)))"
            " FROM tile)"
            " + (SELECT count(*)*800011 + sum(size)*13 + sum(length(note)) FROM checkpoint)"
            " + (SELECT count(*)*700001 + sum(size)*17 + sum(length(line)) FROM cosig)"
            " + (SELECT count(*)*600011 + sum(size)*19 + sum(instr(origin,'o')) FROM peer_head)");
}

static void run_attacks(struct scratch *s, const char *setting)
{
    sph_db *db = db_open(s, SPH_DB_MAINTENANCE);
    assert_int_equal(sql_code(db, setting), SPH_OK);
    const int64_t before = fingerprint(db);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        const enum sph_code code = sql_code(db, attacks[i]);
        if (code != SPH_ECONFLICT || fingerprint(db) != before)
            print_error("%s -> %s\n", attacks[i], sph_code_name(code));
        assert_int_equal(code, SPH_ECONFLICT);
        assert_true(fingerprint(db) == before);
    }
    sph_db_close(&db);
}

static void guards_with_recursive_triggers_refuse_every_attack(void **state)
{
    run_attacks(*state, "PRAGMA recursive_triggers=ON");
}

static void guards_without_recursive_triggers_refuse_every_attack(void **state)
{
    run_attacks(*state, "PRAGMA recursive_triggers=OFF");
}

static void guards_of_the_writer_refuse_every_attack(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    sph_db *look = db_open(*state, SPH_DB_MAINTENANCE);
    const int64_t before = fingerprint(look);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        const enum sph_code code = sql_code(db, attacks[i]);
        assert_true(code == SPH_ECONFLICT || code == SPH_EREFUSED);
    }
    assert_true(fingerprint(look) == before);
    sph_db_close(&look);
    sph_db_close(&db);
}

static void guards_allow_list_refuses_schema_and_settings(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        const enum sph_code code = sql_code(db, outside[i]);
        const bool is_unknown = code == SPH_EARG; /* writefile is no function here at all */
        if (code != SPH_EREFUSED && !is_unknown)
            print_error("%s -> %s\n", outside[i], sph_code_name(code));
        assert_true(code == SPH_EREFUSED || is_unknown);
    }
    sph_db_close(&db);
}

static void guards_of_a_reader_refuse_every_write(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_READER);
    assert_int_equal(sql_code(db, "INSERT INTO leaf VALUES(2, zeroblob(178))"), SPH_EREFUSED);
    assert_int_equal(sql_code(db, "DELETE FROM head_pending"), SPH_EREFUSED);
    assert_int_equal(sql_code(db, "PRAGMA query_only=OFF"), SPH_EREFUSED);
    assert_int_equal(sql_number(db, "SELECT count(*) FROM leaf"), 2);
    sph_db_close(&db);
}

static void guards_allow_what_the_node_needs(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    assert_int_equal(sph_db_begin(db, NULL).code, SPH_OK);
    assert_int_equal(sql_code(db, "INSERT INTO leaf VALUES(2, zeroblob(178))"), SPH_OK);
    assert_int_equal(sql_code(db, "UPDATE peer_head SET size=6 WHERE origin='o'"), SPH_OK);
    assert_int_equal(sql_code(db, "INSERT INTO head_pending VALUES('o', 1, zeroblob(32), x'', 1)"),
                     SPH_OK);
    assert_int_equal(sql_code(db, "DELETE FROM head_pending"), SPH_OK);
    assert_int_equal(sql_code(db, "INSERT INTO setting VALUES('a', 'b')"), SPH_OK);
    assert_int_equal(sql_code(db, "UPDATE setting SET value='c'"), SPH_OK);
    assert_int_equal(sql_code(db, "DELETE FROM setting"), SPH_OK);
    sph_db_rollback(db);
    sph_db_close(&db);
}

/* Change the schema behind the node's back, look, and put it right again. */
static void expect_open_refused(struct scratch *s, const char *change, const char *undo)
{
    sph_db *db = db_open(s, SPH_DB_MAINTENANCE);
    sph_db *other = NULL;
    assert_int_equal(sql_code(db, change), SPH_OK);
    assert_int_equal(sph_db_open(s->path, SPH_DB_WRITER, &other, NULL).code, SPH_EPROOF);
    assert_int_equal(sph_db_open(s->path, SPH_DB_READER, &other, NULL).code, SPH_EPROOF);
    assert_null(other);
    assert_int_equal(sql_code(db, undo), SPH_OK);
    sph_db_close(&db);
    db = db_open(s, SPH_DB_WRITER);
    sph_db_close(&db);
}

static void guards_missing_changed_or_added_are_found_at_open(void **state)
{
    expect_open_refused(
        *state, "DROP TRIGGER leaf_u",
        "CREATE TRIGGER leaf_u BEFORE UPDATE ON leaf BEGIN SELECT RAISE(ABORT,'append-only');"
        " END");
    expect_open_refused(*state, "CREATE TRIGGER more AFTER INSERT ON leaf BEGIN SELECT 1; END",
                        "DROP TRIGGER more");
    expect_open_refused(*state, "CREATE VIEW more AS SELECT 1", "DROP VIEW more");
    expect_open_refused(*state, "DROP TRIGGER peer_d",
                        "CREATE TRIGGER peer_d BEFORE DELETE ON peer_head BEGIN SELECT"
                        " RAISE(ABORT,'append-only'); END");
    expect_open_refused(*state, "ALTER TABLE head_pending ADD COLUMN more TEXT",
                        "ALTER TABLE head_pending DROP COLUMN more");
}

int test_guards(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_with_recursive_triggers_refuse_every_attack),
        cmocka_unit_test(guards_without_recursive_triggers_refuse_every_attack),
        cmocka_unit_test(guards_of_the_writer_refuse_every_attack),
        cmocka_unit_test(guards_allow_list_refuses_schema_and_settings),
        cmocka_unit_test(guards_of_a_reader_refuse_every_write),
        cmocka_unit_test(guards_allow_what_the_node_needs),
        cmocka_unit_test(guards_missing_changed_or_added_are_found_at_open),
    };
    return cmocka_run_group_tests_name("guards", tests, make, unmake);
}
