/* `weir help filters`: the grammar on a page, from the rows that the parser reads by. */
#include <string.h>

#include "cli/cli.h"
#include "logs/filter_keys.h"

enum { KEY_COLUMN = 28, LIKE_COLUMN = 32 };

static const char grammar[] =
    "  Words search URLs, whatever the case; key:value asks a key. Side by side all must\n"
    "  hold; OR means either; -term, !term and NOT term turn one round; ( ) group. Commas\n"
    "  mean any: status:404,5xx. Numbers compare: >=500 <10k 200-299. \"…\" keeps spaces.\n"
    "  Put the whole in single quotes: 'host:.shop.test (status:5xx OR duration:>1s)'\n";

static void put_title(struct buf *out, const char *title, bool colour)
{
    buf_putf(out, "\n%s%s%s\n", colour ? "\033[1m" : "", title, colour ? "\033[0m" : "");
}

static void put_row(struct buf *out, const char *left, const char *right, size_t column)
{
    size_t len = 2 + strlen(left);

    buf_putf(out, "  %s%*s%s\n", left, len < column ? (int)(column - len) : 1, "", right);
}

static void put_keys(struct buf *out)
{
    struct buf left;

    buf_init(&left, 256);
    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        buf_clear(&left);
        buf_putf(&left, "%s:%s", filter_key_rows[i].name, filter_key_rows[i].value);
        put_row(out, buf_text(&left), filter_key_rows[i].help, KEY_COLUMN + 4);
    }
    buf_release(&left);
}

static void put_words(struct buf *out)
{
    struct buf left;

    buf_init(&left, 256);
    for (int i = 0; i < FILTER_WORD_COUNT; i++) {
        buf_clear(&left);
        buf_putf(&left, "%s:%s", filter_key_rows[filter_word_rows[i].key].name,
                 filter_word_rows[i].name);
        put_row(out, buf_text(&left), filter_word_rows[i].help, KEY_COLUMN);
    }
    buf_release(&left);
}

/* What is the same here needs no line. */
static void put_likes(struct buf *out)
{
    for (size_t i = 0; i < filter_like_count; i++)
        if (filter_likes[i].ours[0] && strcmp(filter_likes[i].ours, filter_likes[i].theirs) != 0)
            put_row(out, filter_likes[i].theirs, filter_likes[i].ours, LIKE_COLUMN);
}

void help_put_filters(struct buf *out, bool colour)
{
    buf_put_text(out, "weir chooses among flows by one grammar, in `log`, `stats`, `export`, rules "
                      "and verdicts.\n");
    put_title(out, "Grammar", colour);
    buf_put_text(out, grammar);
    put_title(out, "Keys", colour);
    put_keys(out);
    put_title(out, "Words", colour);
    put_words(out);
    put_title(out, "What mitmproxy, DevTools and HTTP Toolkit write otherwise", colour);
    put_likes(out);
}
