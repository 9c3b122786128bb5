/* What weir's own records tell of a flow besides its messages. */
#include <string.h>

#include "logs/flow_read_impl.h"

#define TIME_MOST_US (INT64_C(1) << 53) /* of one phase: some centuries */

static bool is_ulid(struct bytes text)
{
    if (text.len != FLOW_ID_TEXT - 1 || text.ptr[0] > '7')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (bytes_find(BYTES("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), text.ptr[i]) < 0)
            return false;
    }
    return true;
}

static void read_ulid(const json_t *text, char ret_id[FLOW_ID_TEXT])
{
    struct bytes id = bytes_make(json_string_value(text), json_string_length(text));

    if (!is_ulid(id))
        return;
    memcpy(ret_id, id.ptr, id.len);
    ret_id[id.len] = '\0';
}

enum flow_kind flow_read_kind(const json_t *object)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));

    if (kind && strcmp(kind, "tunnel") == 0)
        return FLOW_TUNNEL;
    return kind && strcmp(kind, "refused") == 0 ? FLOW_REFUSED : FLOW_HTTP;
}

static uint16_t tls_version(const char *text)
{
    static const struct {
        const char *text;
        uint16_t number;
    } versions[] = {{"TLSv1.3", 0x304}, {"TLSv1.2", 0x303}, {"TLSv1.1", 0x302}, {"TLSv1", 0x301}};

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (text && strcmp(text, versions[i].text) == 0)
            return versions[i].number;
    }
    return 1; /* some version, of that name */
}

static void read_tls(struct flow_read *r, const json_t *object, struct flow_tls *tls)
{
    if (!json_is_object(object))
        return;
    tls->version_text = flow_read_word_at(r, object, "version");
    tls->version = tls_version(tls->version_text);
    tls->cipher = flow_read_word_at(r, object, "cipher");
    tls->sni = flow_read_text_at(r, object, "sni");
    tls->alpn = flow_read_text_at(r, object, "alpn");
    tls->ja4 = flow_read_text_at(r, object, "ja4");
    tls->resumed = json_is_true(json_object_get(object, "resumed"));
    tls->verified = json_is_true(json_object_get(object, "verified"));
    tls->certificate = flow_read_text_at(r, object, "certificate");
}

static void read_peers(struct flow_read *r, const json_t *object)
{
    const json_t *client = json_object_get(object, "client");
    const json_t *upstream = json_object_get(object, "upstream");
    struct flow *f = r->f;

    f->client = flow_read_text_at(r, client, "address");
    f->client_connection = flow_read_count_at(client, "connection");
    f->client_reused = json_is_true(json_object_get(client, "reused"));
    f->user = flow_read_text_at(r, client, "user");
    read_tls(r, json_object_get(client, "tls"), &f->client_tls);
    f->upstream = flow_read_text_at(r, upstream, "address");
    f->upstream_connection = flow_read_count_at(upstream, "connection");
    f->upstream_reused = json_is_true(json_object_get(upstream, "reused"));
    read_tls(r, json_object_get(upstream, "tls"), &f->upstream_tls);
}

static int64_t read_us(const json_t *timings, const char *key)
{
    int64_t us = flow_read_number_at(timings, key);

    return us < TIME_MOST_US ? us : TIME_MOST_US;
}

static void read_timings(const json_t *timings, struct flow_timings *t)
{
    *t = (struct flow_timings){
        .blocked = read_us(timings, "blocked"),
        .dns = read_us(timings, "dns"),
        .connect = read_us(timings, "connect"),
        .tls = read_us(timings, "tls"),
        .send = read_us(timings, "send"),
        .wait = read_us(timings, "wait"),
        .receive = read_us(timings, "receive"),
        .injected = read_us(timings, "injected"),
        .total = read_us(timings, "total"),
    };
}

static void read_rules(struct flow_read *r, const json_t *list)
{
    struct flow_rule **last = &r->f->rules;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct flow_rule *rule = flow_read_alloc(r, sizeof(*rule));

        if (!rule)
            return;
        rule->label = flow_read_word_at(r, item, "rule");
        rule->note = flow_read_word_at(r, item, "note");
        if (!rule->label)
            rule->label = "";
        *last = rule;
        last = &rule->next;
    }
}

static void read_tags(struct flow_read *r, const json_t *list)
{
    struct flow_tag **last = &r->f->tags;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct flow_tag *tag = flow_read_alloc(r, sizeof(*tag));

        if (!tag)
            return;
        tag->text =
            arena_text(&r->f->arena, bytes_make(json_string_value(item), json_string_length(item)));
        r->no_memory |= !tag->text;
        *last = tag;
        last = &tag->next;
    }
}

/* Words of a newer weir are left out. */
static uint32_t read_anomalies(const json_t *list)
{
    uint32_t bits = 0;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        for (unsigned k = 0; k < HTTP_ANOMALY_COUNT && json_is_string(item); k++) {
            if (strcmp(json_string_value(item), http_anomaly_text((enum http_anomaly_place)k)) == 0)
                bits |= UINT32_C(1) << k;
        }
    }
    return bits;
}

static void read_end(struct flow_read *r, const json_t *object)
{
    const json_t *tunnel = json_object_get(object, "tunnel");
    int64_t status = flow_read_number_at(object, "status_code");
    struct flow *f = r->f;

    f->status = status > 0 && status <= 999 ? (uint16_t)status : 0;
    f->reason = flow_read_word_at(r, object, "reason");
    f->sentence = flow_read_word_at(r, object, "error");
    f->error = f->sentence != NULL;
    if (!f->reason)
        f->reason = "";
    if (!f->sentence)
        f->sentence = "";
    f->body_not_captured = json_is_true(json_object_get(object, "body_not_captured"));
    f->tunnel_up_bytes = (int64_t)flow_read_count_at(tunnel, "up_bytes");
    f->tunnel_down_bytes = (int64_t)flow_read_count_at(tunnel, "down_bytes");
}

/* A host is one, as others will rely on; what was refused may have had none. */
static enum status read_place(struct flow_read *r, const json_t *object)
{
    struct bytes host = flow_read_text_at(r, object, "host");
    struct bytes scheme = flow_read_text_at(r, object, "scheme");
    struct flow *f = r->f;

    if (f->kind == FLOW_HTTP)
        f->scheme = flow_read_scheme(scheme);
    else if (http_token_valid(scheme)) /* "tcp" */
        f->scheme = scheme;
    f->port = (uint16_t)(flow_read_count_at(object, "port") & UINT16_MAX);
    if (host.len && flow_read_host(r, host))
        return flow_read_refuse(r, "its host cannot be one");
    return STATUS_OK;
}

enum status flow_read_facts(struct flow_read *r, const json_t *object)
{
    struct flow *f = r->f;

    f->kind = flow_read_kind(object);
    read_ulid(json_object_get(object, "id"), f->id);
    read_ulid(json_object_get(object, "duplicate_of"), f->duplicate_of);
    f->loop = (uint32_t)flow_read_count_at(object, "loop");
    f->sequence = flow_read_count_at(object, "sequence");
    read_peers(r, object);
    read_timings(json_object_get(object, "timings_us"), &f->timings);
    f->injected = json_is_true(json_object_get(object, "injected"));
    read_rules(r, json_object_get(object, "rules"));
    read_tags(r, json_object_get(object, "tags"));
    f->anomalies = read_anomalies(json_object_get(object, "anomalies"));
    read_end(r, object);
    return read_place(r, object);
}
