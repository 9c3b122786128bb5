#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "store_world.h"

static enum status try_open(struct store_world *w, bool own_place)
{
    w->settings.own_place = own_place;
    return store_open(&w->settings, &w->facts, w->error, &w->store);
}

static void write_file(const char *path, const void *content, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    fclose(file);
}

/* How many files of the folder have that in their name. */
static int files_like(const struct store_world *w, const char *part)
{
    char command[WORLD_PATH];
    FILE *list;
    int count = -1;

    snprintf(command, sizeof(command), "ls '%s' | grep -c -- '%s'", w->folder, part);
    list = popen(command, "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%d", &count), 1);
    pclose(list);
    return count;
}

static unsigned mode_of(const char *path)
{
    struct stat facts;

    assert_int_equal(stat(path, &facts), 0);
    return facts.st_mode & 07777;
}

static void all_files_are_for_their_owner_only(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    struct store_world *w = world_make();

    (void)state;
    umask(0);
    write_file(w->path, "", 0);
    assert_int_equal(chmod(w->path, 0644), 0); /* as somebody else may have made it */
    assert_int_equal(try_open(w, true), STATUS_OK);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[WORLD_PATH + 8];

        snprintf(path, sizeof(path), "%s%s", w->path, endings[i]);
        assert_int_equal(mode_of(path), 0600);
    }
    world_free(w);
}

static void there_is_one_writer(void **state)
{
    struct store_world *w = world_make();
    struct store *second = NULL;
    char wanted[64];

    (void)state;
    world_open(w);
    snprintf(wanted, sizeof(wanted), "process %ld is writing", (long)getpid());
    assert_int_equal(store_open(&w->settings, &w->facts, w->error, &second), STATUS_EXISTS);
    assert_non_null(strstr(w->error, wanted));
    world_close(w);
    world_open(w);
    world_free(w);
}

/* The lock goes with the process, however that ends. */
static void a_writer_that_was_killed_holds_no_lock(void **state)
{
    struct store_world *w = world_make();
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        if (try_open(w, true))
            _exit(1);
        abort();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    world_open(w);
    world_free(w);
}

static void a_damaged_file_of_our_own_place_is_moved_aside(void **state)
{
    struct store_world *w = world_make();
    char garbage[9000];

    (void)state;
    memset(garbage, 0x33, sizeof(garbage));
    write_file(w->path, garbage, sizeof(garbage));
    assert_int_equal(try_open(w, true), STATUS_OK);
    assert_non_null(strstr(store_notice(w->store), "damaged"));
    assert_int_equal(files_like(w, "^flows.db.corrupt-"), 1);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    assert_sound(w);
    world_close(w);
    write_file(w->path, garbage, sizeof(garbage)); /* in the same second */
    assert_int_equal(try_open(w, true), STATUS_OK);
    assert_int_equal(files_like(w, "^flows.db.corrupt-"), 2);
    world_free(w);
}

/* A name that somebody gave may be that of a file of theirs. */
static void a_file_of_somebody_else_is_left_alone(void **state)
{
    struct store_world *w = world_make();
    char text[64];
    sqlite3 *db;

    (void)state;
    write_file(w->path, "my notes, and no database at all", 32);
    assert_int_equal(try_open(w, false), STATUS_IO);
    assert_int_equal(files_like(w, "corrupt"), 0);
    unlink(w->path);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE notes(x); INSERT INTO notes VALUES('mine')", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(try_open(w, false), STATUS_BAD_INPUT);
    assert_non_null(strstr(w->error, "no store of weir's"));
    world_text(w, "SELECT x FROM notes", text, sizeof(text));
    assert_string_equal(text, "mine");
    assert_int_equal(try_open(w, true), STATUS_OK); /* in our own place it stands in the way */
    assert_int_equal(files_like(w, "corrupt"), 1);
    world_free(w);
}

static void a_store_that_was_ours_is_moved_aside_anywhere(void **state)
{
    struct store_world *w = world_make();
    char garbage[4096];
    FILE *file;

    (void)state;
    world_open(w);
    world_close(w);
    memset(garbage, 0x5a, sizeof(garbage));
    file = fopen(w->path, "r+");
    assert_non_null(file);
    fseek(file, 100, SEEK_SET); /* the first page behind its head: the schema */
    assert_int_equal(fwrite(garbage, 3000, 1, file), 1);
    fclose(file);
    assert_int_equal(try_open(w, false), STATUS_OK);
    assert_non_null(strstr(store_notice(w->store), "moved aside"));
    world_free(w);
}

static void a_newer_store_is_refused_and_left_alone(void **state)
{
    struct store_world *w = world_make();
    sqlite3 *db;

    (void)state;
    world_open(w);
    world_close(w);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(try_open(w, true), STATUS_UNSUPPORTED);
    assert_non_null(strstr(w->error, "newer weir"));
    assert_int_equal(world_number(w, "PRAGMA user_version"), 99);
    world_free(w);
}

static void what_cannot_be_a_store_is_refused(void **state)
{
    struct store_world *w = world_make();
    char path[STORE_PATH_BYTES + 1];

    (void)state;
    assert_int_equal(mkdir(w->path, 0700), 0);
    assert_int_equal(try_open(w, true), STATUS_IO);
    rmdir(w->path);
    assert_int_equal(mkfifo(w->path, 0600), 0);
    assert_int_equal(try_open(w, true), STATUS_BAD_INPUT);
    assert_non_null(strstr(w->error, "plain file"));
    w->settings.path = "/nowhere/at/all/flows.db";
    assert_int_equal(try_open(w, true), STATUS_IO);
    assert_non_null(strstr(w->error, "No such file"));
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    w->settings.path = path;
    assert_int_equal(try_open(w, true), STATUS_LIMIT);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_files_are_for_their_owner_only),
        cmocka_unit_test(there_is_one_writer),
        cmocka_unit_test(a_writer_that_was_killed_holds_no_lock),
        cmocka_unit_test(a_damaged_file_of_our_own_place_is_moved_aside),
        cmocka_unit_test(a_file_of_somebody_else_is_left_alone),
        cmocka_unit_test(a_store_that_was_ours_is_moved_aside_anywhere),
        cmocka_unit_test(a_newer_store_is_refused_and_left_alone),
        cmocka_unit_test(what_cannot_be_a_store_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
