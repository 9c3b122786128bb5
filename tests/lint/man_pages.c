/* man_pages FOLDER: writes weir's manual pages there. scripts/docs puts them into docs/man;
 * lint_man.py compares them. */
#include "man_pages.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES = 4 * 1024 * 1024, PATH_BYTES = 4096 };

static bool write_page(const char *folder, const char *name, int section, struct buf *page)
{
    char path[PATH_BYTES];
    FILE *file;
    bool ok;

    if (snprintf(path, sizeof(path), "%s/%s.%d", folder, name, section) >= (int)sizeof(path) ||
        buf_status(page))
        return false;
    file = fopen(path, "w");
    ok = file && fwrite(page->ptr, 1, page->len, file) == page->len;
    if (file && fclose(file))
        ok = false;
    buf_clear(page);
    return ok;
}

static bool write_commands(const char *folder, struct buf *page)
{
    char name[64];

    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        snprintf(name, sizeof(name), "weir-%s", command_rows[i].name);
        man_command(page, (enum subcommand)i);
        if (!write_page(folder, name, 1, page))
            return false;
    }
    return true;
}

static bool write_all(const char *folder, struct buf *page)
{
    man_overview(page);
    if (!write_page(folder, "weir", 1, page) || !write_commands(folder, page))
        return false;
    man_config(page);
    if (!write_page(folder, "weir-proxy.yaml", 5, page))
        return false;
    man_filters(page);
    if (!write_page(folder, "weir-filters", 7, page))
        return false;
    man_rules(page);
    return write_page(folder, "weir-rules", 7, page);
}

int main(int argc, char **argv)
{
    struct buf page;
    bool ok;

    if (argc != 2) {
        fputs("usage: man_pages FOLDER\n", stderr);
        return 2;
    }
    buf_init(&page, PAGE_BYTES);
    ok = write_all(argv[1], &page);
    buf_release(&page);
    if (!ok)
        perror("man_pages");
    return ok ? 0 : 1;
}
