#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/schema_build.h"

enum { NAME_TEXT = 128 };

static const struct {
    const char *section, *key, *form;
} shapes[] = {
#define SHAPE(section, key, form) {section, key, #form},
#include "cli/schema_forms.def"
};

static json_t *build(void)
{
    enum status st = STATUS_OK;
    json_t *schema = schema_build(&st);

    assert_non_null(schema);
    return schema;
}

static json_t *properties_of(json_t *schema, const char *section)
{
    char name[NAME_TEXT];

    if (!section[0])
        return json_object_get(schema, "properties");
    snprintf(name, sizeof(name), "%.60s_keys", section);
    return json_object_get(json_object_get(json_object_get(schema, "definitions"), name),
                           "properties");
}

static void describes_the_sections_of_the_parser(void **state)
{
    json_t *schema = build();

    (void)state;
    assert_non_null(json_object_get(properties_of(schema, ""), "tls"));
    assert_non_null(json_object_get(properties_of(schema, "tls"), "dial"));
    assert_non_null(json_object_get(properties_of(schema, "rules"), "match"));
    assert_non_null(json_object_get(properties_of(schema, "when"), "percent"));
    assert_non_null(json_object_get(properties_of(schema, "match"), "header"));
    assert_non_null(json_object_get(properties_of(schema, "defaults"), "seed"));
    assert_non_null(json_object_get(properties_of(schema, "expect"), "in order"));
    json_decref(schema);
}

static void finds_the_sections_that_verbs_keep_to_themselves(void **state)
{
    json_t *schema = build();

    (void)state;
    assert_non_null(json_object_get(properties_of(schema, "then"), "respond"));
    assert_non_null(json_object_get(properties_of(schema, "respond"), "retry_after"));
    assert_non_null(json_object_get(properties_of(schema, "abort"), "how"));
    assert_non_null(json_object_get(properties_of(schema, "delay"), "response"));
    assert_non_null(json_object_get(properties_of(schema, "sequence"), "loop"));
    json_decref(schema);
}

static void names_no_key_that_is_refused(void **state)
{
    json_t *schema = build();

    (void)state;
    assert_null(json_object_get(properties_of(schema, "then"), "frobnicate"));
    json_decref(schema);
}

/* A key that is to come has its row already; a section that is misspelt has none. */
static void every_shape_has_its_section_and_form(void **state)
{
    json_t *schema = build(), *definitions = json_object_get(schema, "definitions");

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (!properties_of(schema, shapes[i].section))
            fail_msg("there is no section '%s'", shapes[i].section);
        if (!json_object_get(definitions, shapes[i].form))
            fail_msg("there is no form '%s'", shapes[i].form);
        if (strcmp(shapes[i].section, "match") != 0 &&
            !json_object_get(properties_of(schema, shapes[i].section), shapes[i].key))
            fail_msg("'%s' has no key '%s'", shapes[i].section, shapes[i].key);
    }
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_the_sections_of_the_parser),
        cmocka_unit_test(finds_the_sections_that_verbs_keep_to_themselves),
        cmocka_unit_test(names_no_key_that_is_refused),
        cmocka_unit_test(every_shape_has_its_section_and_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
