/* filter_tables: prints the tables of docs/filters.md, made from the rows that the parser
 * of filters reads by. lint_tables.py compares them with the page; scripts/docs puts them
 * there. */
#include <stdio.h>
#include <string.h>

#include "logs/filter_keys.h"

/* A "|" would end the cell. */
static void put_cell(const char *text)
{
    for (; *text; text++)
        printf("%s%c", *text == '|' ? "\\" : "", *text);
}

static void put_code(const char *text)
{
    putchar('`');
    put_cell(text);
    putchar('`');
}

static void put_aliases(const char *list)
{
    for (const char *sign = ""; *(list += strspn(list, " ")); sign = ", ") {
        size_t len = strcspn(list, " ");

        printf("%s`%.*s`", sign, (int)len, list);
        list += len;
    }
}

static void begin(const char *name, const char *head, const char *rule)
{
    printf("<!-- rows: %s -->\n%s\n%s\n", name, head, rule);
}

static void put_keys(void)
{
    begin("keys", "| key | value | takes flows by | also written | example |",
          "|---|---|---|---|---|");
    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        const struct filter_key_row *row = &filter_key_rows[i];

        printf("| `%s:` | ", row->name);
        put_cell(row->value);
        printf(" | %s | ", row->help);
        put_aliases(row->aliases);
        printf(" | ");
        put_code(row->example);
        puts(" |");
    }
    puts("<!-- end -->");
}

static void put_words(void)
{
    begin("words", "| word | it says | also written |", "|---|---|---|");
    for (int i = 0; i < FILTER_WORD_COUNT; i++) {
        const struct filter_word_row *row = &filter_word_rows[i];

        printf("| `%s:%s` | %s | ", filter_key_rows[row->key].name, row->name, row->help);
        put_aliases(row->aliases);
        puts(" |");
    }
    puts("<!-- end -->");
}

static void put_likes(void)
{
    begin("likes", "| tool | there | here | |", "|---|---|---|---|");
    for (size_t i = 0; i < filter_like_count; i++) {
        const struct filter_like *like = &filter_likes[i];

        printf("| %s | ", like->tool);
        put_code(like->theirs);
        printf(" | ");
        if (like->ours[0])
            put_code(like->ours);
        printf(" | %s |\n", like->help);
    }
    puts("<!-- end -->");
}

int main(void)
{
    put_keys();
    put_words();
    put_likes();
    return fflush(stdout) ? 1 : 0;
}
