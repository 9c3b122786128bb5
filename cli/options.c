#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ON(name) (UINT32_C(1) << SUBCOMMAND_##name)
#define ON_RUN ON(run)
#define ON_EXEC ON(exec)
#define ON_ENV ON(env)
#define ON_LOG ON(log)
#define ON_SHOW ON(show)
#define ON_DIFF ON(diff)
#define ON_STATS ON(stats)
#define ON_REPLAY ON(replay)
#define ON_EXPORT ON(export)
#define ON_IMPORT ON(import)
#define ON_CHECK ON(check)
#define ON_CONFIG ON(config)
#define ON_FMT ON(fmt)
#define ON_RULES ON(rules)
#define ON_CA ON(ca)
#define ON_TRUST ON(trust)
#define ON_UNTRUST ON(untrust)
#define ON_STATUS ON(status)
#define ON_RELOAD ON(reload)
#define ON_STOP ON(stop)
#define ON_DOCTOR ON(doctor)
#define ON_GC ON(gc)
#define ON_VERSION ON(version)
#define ON_ALL UINT32_MAX

const struct command_row command_rows[SUBCOMMAND_COUNT] = {
#define COMMAND(name, operands, help) {#name, operands, help},
#include "cli/commands.def"
#undef COMMAND
};

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(id, name, letter, argument, commands, help) {name, letter, argument, commands, help},
#include "cli/options.def"
#undef OPTION
};

static const char *const later_commands[] = {
#define LATER(name) #name,
#include "cli/commands_later.def"
#undef LATER
};

enum { LATER_COUNT = sizeof(later_commands) / sizeof(later_commands[0]) };

enum status command_find(const char *word, char *error, enum subcommand *ret_command)
{
    const char *words[SUBCOMMAND_COUNT];
    const char *near;

    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        words[i] = command_rows[i].name;
        if (strcmp(word, words[i]) != 0)
            continue;
        *ret_command = (enum subcommand)i;
        return STATUS_OK;
    }
    for (int i = 0; i < LATER_COUNT; i++) {
        if (strcmp(word, later_commands[i]) != 0)
            continue;
        snprintf(error, OPTION_ERROR_TEXT, "'%s' is not in this version", word);
        return STATUS_NOT_FOUND;
    }
    near = text_nearest(bytes_of(word), words, SUBCOMMAND_COUNT);
    if (near)
        snprintf(error, OPTION_ERROR_TEXT, "there is no command '%.60s', did you mean '%s'?", word,
                 near);
    else
        snprintf(error, OPTION_ERROR_TEXT, "there is no command '%.60s'", word);
    return STATUS_NOT_FOUND;
}

/* ---- parsing ---- */

struct parser {
    struct options *options;
    char **argv;
    int argc, at;
    char *error;
};

static bool option_fits(int option, enum subcommand command)
{
    return (option_rows[option].commands >> command & 1) != 0;
}

static bool takes_filter(enum subcommand command)
{
    return strstr(command_rows[command].operands, "FILTER") != NULL;
}

/* "-host:cdn.test" is a term of a filter, not options; so is "-(a OR b)". */
static bool is_filter_term(enum subcommand command, const char *word)
{
    return takes_filter(command) && word[1] != '-' && (strchr(word, ':') || word[1] == '(');
}

static enum status refuse_unknown(const struct parser *p, const char *word)
{
    const char *names[OPTION_COUNT];
    size_t count = 0, len = strcspn(word + 2, "=");
    const char *near = NULL;
    int all = (int)len + 2;

    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_fits(i, p->options->command))
            names[count++] = option_rows[i].name;
    if (word[1] == '-')
        near = text_nearest(bytes_make(word + 2, len), names, count);
    if (word[1] != '-')
        all = 2;
    if (near)
        snprintf(p->error, OPTION_ERROR_TEXT, "there is no option '%.*s', did you mean '--%s'?",
                 all < 60 ? all : 60, word, near);
    else
        snprintf(p->error, OPTION_ERROR_TEXT, "'weir %s' has no option '%.*s'%s",
                 command_rows[p->options->command].name, all < 60 ? all : 60, word,
                 word[1] != '-' && takes_filter(p->options->command)
                     ? "; in a filter NOT turns a word round"
                     : "");
    return STATUS_BAD_INPUT;
}

static enum status option_use(struct parser *p, int option, const char *value)
{
    struct options *o = p->options;

    if (o->use_count == OPTION_USES) {
        snprintf(p->error, OPTION_ERROR_TEXT, "there are more than %d options", OPTION_USES);
        return STATUS_BAD_INPUT;
    }
    o->uses[o->use_count].option = (enum option)option;
    o->uses[o->use_count++].value = value;
    return STATUS_OK;
}

/* The value that stands in the same word (`inside`), or is the next one. */
static enum status option_take(struct parser *p, int option, const char *inside)
{
    const struct option_row *row = &option_rows[option];

    if (!row->argument && inside) {
        snprintf(p->error, OPTION_ERROR_TEXT, "'--%s' takes no value", row->name);
        return STATUS_BAD_INPUT;
    }
    if (!row->argument || inside)
        return option_use(p, option, inside);
    if (p->at == p->argc) {
        snprintf(p->error, OPTION_ERROR_TEXT, "'--%s' wants %s", row->name, row->argument);
        return STATUS_BAD_INPUT;
    }
    return option_use(p, option, p->argv[p->at++]);
}

static enum status parse_long(struct parser *p, const char *word)
{
    size_t len = strcspn(word + 2, "=");

    for (int i = 0; i < OPTION_COUNT; i++) {
        const char *name = option_rows[i].name;

        if (strlen(name) == len && strncmp(name, word + 2, len) == 0 &&
            option_fits(i, p->options->command))
            return option_take(p, i, word[2 + len] ? word + 2 + len + 1 : NULL);
    }
    return refuse_unknown(p, word);
}

/* "-v", "-vv", "-c FILE", "-cFILE". */
static enum status parse_short(struct parser *p, const char *word)
{
    for (const char *c = word + 1; *c; c++) {
        int i = 0;
        bool inside;
        enum status st;

        while (i < OPTION_COUNT &&
               !(option_rows[i].letter == *c && option_fits(i, p->options->command)))
            i++;
        if (i == OPTION_COUNT)
            return refuse_unknown(p, (char[]){'-', *c, '\0'});
        inside = option_rows[i].argument && c[1];
        st = option_take(p, i, inside ? c + 1 : NULL);
        if (st || inside)
            return st;
    }
    return STATUS_OK;
}

/* Operands are gathered at the front of argv, in their order. */
enum status options_parse(enum subcommand command, int argc, char **argv, char *error,
                          struct options *ret_options)
{
    struct options o = {.command = command, .operands = argv};
    struct parser p = {.options = &o, .argv = argv, .argc = argc, .error = error};
    bool only_operands = false;

    while (p.at < argc) {
        char *word = argv[p.at++];
        enum status st = STATUS_OK;

        if (only_operands || word[0] != '-' || !word[1] || is_filter_term(command, word)) {
            argv[o.operand_count++] = word;
            only_operands |= command == SUBCOMMAND_exec;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (word[1] == '-') {
            st = parse_long(&p, word);
        } else {
            st = parse_short(&p, word);
        }
        if (st)
            return st;
    }
    argv[o.operand_count] = NULL;
    *ret_options = o;
    return STATUS_OK;
}

/* ---- asking ---- */

const char *options_next(const struct options *o, enum option id, int *at)
{
    while (*at < o->use_count) {
        int i = (*at)++;

        if (o->uses[i].option == id)
            return o->uses[i].value ? o->uses[i].value : "";
    }
    return NULL;
}

int options_count(const struct options *o, enum option id)
{
    int at = 0, count = 0;

    while (options_next(o, id, &at))
        count++;
    return count;
}

bool options_has(const struct options *o, enum option id)
{
    return options_count(o, id) > 0;
}

const char *options_value(const struct options *o, enum option id)
{
    const char *value = NULL, *next;
    int at = 0;

    while ((next = options_next(o, id, &at)))
        value = next;
    return value;
}
