/* golden_http: plays the cases of *.md into the HTTP/1 codec, each cut in every
 * way, and compares the events and the bytes sent on. What was sent on is played
 * in turn into a codec that forgives nothing. The form of a case is told in
 * README.md. With --write FILE… the blocks are filled with what comes out, to
 * be read with care before they are kept. */
#include "h1_player.h"

enum {
    FILE_BYTES = 16 * 1024 * 1024,
    EVERY_CUT_BYTES = 512, /* pieces of 1 to so many bytes, and the whole */
    REPEAT_MAX = 1024 * 1024,
    WORDS = 16,
};

enum block_kind { BLOCK_HTTP, BLOCK_EVENTS, BLOCK_OUT };

struct golden_case {
    struct bytes heading;
    struct bytes info;         /* of the http block */
    struct bytes http, events; /* as written */
    struct bytes out;
    bool has_http, has_events, has_out;
};

struct golden_run {
    const char *file;
    bool write;
    unsigned cases, failed;
    struct buf result; /* the file anew, when writing */
};

static struct bytes line_take(struct bytes *text)
{
    ptrdiff_t lf = bytes_find(*text, '\n');
    struct bytes line = lf < 0 ? *text : bytes_until(*text, (size_t)lf);

    *text = bytes_from(*text, lf < 0 ? text->len : (size_t)lf + 1);
    return line;
}

/* \*N{text}: text, N times. *at stands behind the star; false when it is wrong. */
static bool put_repeated(struct bytes line, size_t *at, struct buf *out)
{
    struct bytes rest = bytes_from(line, *at);
    ptrdiff_t open = bytes_find(rest, '{'), close = bytes_find(rest, '}');
    uint64_t times;

    if (open <= 0 || close < open ||
        bytes_to_u64(bytes_until(rest, (size_t)open), REPEAT_MAX, &times))
        return false;
    for (uint64_t i = 0; i < times; i++)
        buf_put(out, bytes_until(bytes_from(rest, (size_t)open + 1), (size_t)(close - open - 1)));
    *at += (size_t)close + 1;
    return true;
}

/* One escape; *at stands behind the backslash. False when it is not known. */
static bool put_escape(struct bytes line, size_t *at, struct buf *out)
{
    static const char letters[] = "rnt0\\", bytes[] = "\r\n\t\0\\";
    uint8_t c = line.ptr[(*at)++];
    const char *known = c == 0 ? NULL : strchr(letters, c);
    uint64_t value;

    if (c == '*')
        return put_repeated(line, at, out);
    if (c == 'x') {
        if (line.len - *at < 2 || bytes_hex_to_u64(bytes_make(line.ptr + *at, 2), &value))
            return false;
        buf_put_byte(out, (uint8_t)value);
        *at += 2;
        return true;
    }
    if (known == NULL)
        return false;
    buf_put_byte(out, (uint8_t)bytes[known - letters]);
    return true;
}

/* The bytes that a block stands for: each line ends in CRLF, unless its last
 * character is a backslash. */
static bool block_decode(struct bytes text, struct buf *out)
{
    while (text.len > 0) {
        struct bytes line = line_take(&text);
        bool ends = true;

        for (size_t at = 0; at < line.len;) {
            if (line.ptr[at] != '\\') {
                buf_put_byte(out, line.ptr[at++]);
            } else if (++at == line.len) {
                ends = false;
            } else if (!put_escape(line, &at, out)) {
                return false;
            }
        }
        if (ends)
            buf_put_text(out, "\r\n");
    }
    return true;
}

static void block_encode(struct bytes in, struct buf *out)
{
    while (in.len > 0) {
        ptrdiff_t at = bytes_search(in, BYTES("\r\n"));

        player_put_escaped(out, at < 0 ? in : bytes_until(in, (size_t)at));
        buf_put_text(out, at < 0 ? "\\\n" : "\n");
        in = bytes_from(in, at < 0 ? in.len : (size_t)at + 2);
    }
}

static bool word_number(struct bytes word, const char *key, uint32_t *ret_value)
{
    uint64_t value;

    if (!bytes_starts_with(word, bytes_of(key)) ||
        bytes_to_u64(bytes_from(word, strlen(key)), UINT32_MAX, &value))
        return false;
    *ret_value = (uint32_t)value;
    return true;
}

static bool word_read(struct bytes word, struct player_setup *s)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "CONNECT", "UPGRADE"};
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {
        {"lenient", &s->limits.lenient},
        {"unanswered", &s->unanswered},
        {"switch", &s->switches},
        {"silent", &s->silent},
        {"to-1.0", &s->from_http10},
        {"eof", &s->eof},
        {"cut", &s->cut},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        if (bytes_equal(word, bytes_of(flags[i].word))) {
            *flags[i].flag = true;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (bytes_starts_with(word, BYTES("to=")) &&
            bytes_equal(bytes_from(word, 3), bytes_of(methods[i]))) {
            s->method = methods[i];
            return true;
        }
    }
    return word_number(word, "head=", &s->limits.head_bytes) ||
           word_number(word, "fields=", &s->limits.fields) ||
           word_number(word, "line=", &s->limits.request_line_bytes);
}

/* "request lenient head=100": the words behind ```http. */
static bool setup_read(struct bytes info, struct player_setup *ret_setup)
{
    struct player_setup s = {.limits = *player_usual_limits(), .method = "GET"};
    struct bytes side =
        bytes_starts_with(info, BYTES("request")) ? BYTES("request") : BYTES("response");

    if (!bytes_starts_with(info, side))
        return false;
    s.side = side.len == sizeof("request") - 1 ? HTTP_REQUEST : HTTP_RESPONSE;
    for (info = bytes_trim(bytes_from(info, side.len)); info.len > 0; info = bytes_trim(info)) {
        ptrdiff_t space = bytes_find(info, ' ');
        struct bytes word = space < 0 ? info : bytes_until(info, (size_t)space);

        if (!word_read(word, &s))
            return false;
        info = bytes_from(info, word.len);
    }
    s.eof = s.eof || s.cut;
    *ret_setup = s;
    return true;
}

static void report(struct golden_run *run, const struct golden_case *c, const char *what)
{
    run->failed++;
    fprintf(stderr, "%s: %.*s: %s\n", run->file, (int)c->heading.len, (const char *)c->heading.ptr,
            what);
}

static void report_difference(struct golden_run *run, const struct golden_case *c, const char *what,
                              struct bytes want, struct bytes got, size_t piece)
{
    report(run, c, what);
    fprintf(stderr, "in pieces of %zu bytes; wanted:\n%.*s\ngot:\n%.*s\n", piece, (int)want.len,
            (const char *)want.ptr, (int)got.len, (const char *)got.ptr);
}

/* Played whole: the texts are exactly those of the case. *ret_again is what the
 * bytes sent on mean. */
static bool check_whole(struct golden_run *run, const struct golden_case *c,
                        const struct player_setup *setup, struct bytes in, struct buf *ret_again)
{
    struct player p;
    struct buf out;
    bool good = true;

    player_init(&p, setup);
    player_play(&p, in, in.len + 1, in.len + 1);
    buf_init(&out, FILE_BYTES);
    block_encode(buf_bytes(&p.out), &out);
    player_read_again(setup, buf_bytes(&p.out), ret_again);
    if (!bytes_equal(buf_bytes(&p.text), c->events)) {
        good = false;
        report_difference(run, c, "other events", c->events, buf_bytes(&p.text), in.len);
    } else if (c->has_out && !bytes_equal(buf_bytes(&out), c->out)) {
        good = false;
        report_difference(run, c, "other bytes sent on", c->out, buf_bytes(&out), in.len);
    } else if (c->has_out && bytes_search(buf_bytes(&p.text), BYTES("FAULT")) < 0 &&
               bytes_search(buf_bytes(ret_again), BYTES("FAULT")) >= 0) {
        good = false;
        report_difference(run, c, "what was sent on is bad", c->out, buf_bytes(&out), in.len);
    }
    buf_release(&out);
    player_release(&p);
    return good;
}

/* Cut in pieces: the same events, and bytes sent on that mean the same; the
 * bytes themselves may be cut into other chunks. */
static bool check_piece(struct golden_run *run, const struct golden_case *c,
                        const struct player_setup *setup, struct bytes in, struct bytes meaning,
                        size_t piece)
{
    struct player p;
    struct buf again;
    bool good = true;

    player_init(&p, setup);
    player_play(&p, in, piece, piece);
    buf_init(&again, FILE_BYTES);
    player_read_again(setup, buf_bytes(&p.out), &again);
    if (!bytes_equal(buf_bytes(&p.text), c->events)) {
        good = false;
        report_difference(run, c, "other events", c->events, buf_bytes(&p.text), piece);
    } else if (!bytes_equal(buf_bytes(&again), meaning)) {
        good = false;
        report_difference(run, c, "what was sent on differs", meaning, buf_bytes(&again), piece);
    }
    buf_release(&again);
    player_release(&p);
    return good;
}

static void case_play(struct golden_run *run, const struct golden_case *c,
                      const struct player_setup *setup, struct bytes in)
{
    size_t most = in.len < EVERY_CUT_BYTES ? in.len : EVERY_CUT_BYTES;
    struct buf meaning;
    bool good;

    buf_init(&meaning, FILE_BYTES);
    good = check_whole(run, c, setup, in, &meaning);
    for (size_t piece = 1; good && piece <= most; piece++)
        good = check_piece(run, c, setup, in, buf_bytes(&meaning), piece);
    buf_release(&meaning);
}

static void case_check(struct golden_run *run, const struct golden_case *c)
{
    struct player_setup setup;
    struct buf in;

    run->cases++;
    buf_init(&in, FILE_BYTES);
    if (!c->has_http || !c->has_events)
        report(run, c, "a case has an http and an events block");
    else if (!setup_read(c->info, &setup) || !block_decode(c->http, &in))
        report(run, c, "its http block cannot be read; see README.md");
    else
        case_play(run, c, &setup, buf_bytes(&in));
    buf_release(&in);
}

/* What the case gives when it is played whole, as the block is to say. */
static void case_write(struct golden_run *run, const struct golden_case *c, enum block_kind kind)
{
    struct player_setup setup;
    struct player p;
    struct buf in;

    buf_init(&in, FILE_BYTES);
    if (setup_read(c->info, &setup) && block_decode(c->http, &in)) {
        player_init(&p, &setup);
        player_play(&p, buf_bytes(&in), in.len + 1, in.len + 1);
        if (kind == BLOCK_EVENTS)
            buf_put(&run->result, buf_bytes(&p.text));
        else
            block_encode(buf_bytes(&p.out), &run->result);
        player_release(&p);
    } else {
        report(run, c, "its http block cannot be read; see README.md");
    }
    buf_release(&in);
}

/* Takes the lines up to the closing fence. */
static struct bytes block_take(struct bytes *text)
{
    struct bytes block = *text;

    block.len = 0;
    while (text->len > 0) {
        struct bytes line = line_take(text);

        if (bytes_equal(line, BYTES("```")))
            return block;
        block.len = (size_t)(text->ptr - block.ptr);
    }
    return block;
}

static void block_keep(struct golden_run *run, struct golden_case *c, enum block_kind kind,
                       struct bytes line, struct bytes block)
{
    switch (kind) {
    case BLOCK_HTTP:
        c->info = bytes_trim(bytes_from(line, sizeof("```http") - 1));
        c->http = block;
        c->has_http = true;
        break;
    case BLOCK_EVENTS:
        c->events = block;
        c->has_events = true;
        break;
    case BLOCK_OUT:
        c->out = block;
        c->has_out = true;
        break;
    }
    buf_put(&run->result, line);
    buf_put_byte(&run->result, '\n');
    if (run->write && kind != BLOCK_HTTP)
        case_write(run, c, kind);
    else
        buf_put(&run->result, block);
    buf_put_text(&run->result, "```\n");
}

static void case_end(struct golden_run *run, struct golden_case *c)
{
    if (c->has_http && !run->write)
        case_check(run, c);
    *c = (struct golden_case){.has_http = false};
}

static void file_walk(struct golden_run *run, struct bytes text)
{
    static const char *const fences[] = {"```http", "```events", "```out"};
    struct golden_case c = {.has_http = false};

    while (text.len > 0) {
        struct bytes line = line_take(&text);
        size_t kind = 0;

        while (kind < 3 && !bytes_starts_with(line, bytes_of(fences[kind])))
            kind++;
        if (kind < 3) {
            block_keep(run, &c, (enum block_kind)kind, line, block_take(&text));
            continue;
        }
        if (bytes_starts_with(line, BYTES("## "))) {
            case_end(run, &c);
            c.heading = bytes_from(line, 3);
        }
        buf_put(&run->result, line);
        buf_put_byte(&run->result, '\n');
    }
    case_end(run, &c);
}

static bool file_read(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    size_t got;

    if (f == NULL)
        return false;
    do {
        uint8_t *room = buf_room(out, 64 * 1024);

        got = room == NULL ? 0 : fread(room, 1, 64 * 1024, f);
        buf_added(out, got);
    } while (got > 0);
    fclose(f);
    return buf_status(out) == STATUS_OK;
}

static bool file_write(const char *path, struct bytes text)
{
    FILE *f = fopen(path, "wb");
    bool good = f != NULL && fwrite(text.ptr, 1, text.len, f) == text.len;

    return f != NULL && fclose(f) == 0 && good;
}

static void file_run(struct golden_run *run)
{
    struct buf text;

    buf_init(&text, FILE_BYTES);
    buf_init(&run->result, FILE_BYTES);
    if (!file_read(run->file, &text)) {
        fprintf(stderr, "%s: cannot be read\n", run->file);
        run->failed++;
    } else {
        file_walk(run, buf_bytes(&text));
        if (run->write && !file_write(run->file, buf_bytes(&run->result)))
            run->failed++;
    }
    buf_release(&text);
    buf_release(&run->result);
}

int main(int argc, char **argv)
{
    struct golden_run run = {.write = argc > 1 && strcmp(argv[1], "--write") == 0};

    for (int i = run.write ? 2 : 1; i < argc; i++) {
        run.file = argv[i];
        file_run(&run);
    }
    if (!run.write)
        printf("%u cases, %u failed\n", run.cases, run.failed);
    return run.failed > 0 || (!run.write && run.cases == 0);
}
