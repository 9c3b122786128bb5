/* json_aim: a small tree of names and indexes that is laid beside a JSON text of
 * any size: the steps of a path, a merge patch, a value to compare with. It comes
 * from the author of a rule, the text from a peer; so the tree is sorted for
 * searching, and of the text nothing is kept but where each aim was found.
 * For the other files of json_. */
#ifndef WEIR_HTTP_JSON_AIM_H
#define WEIR_HTTP_JSON_AIM_H

#include "base/arena.h"
#include "http/json.h"
#include "http/json_path.h"
#include "http/json_scan.h"

enum {
    JSON_GAP_BYTES = 2048,             /* white space that is taken over into a new member */
    JSON_AIM_BYTES = 64 * 1024 * 1024, /* of the arena of a tree */
};

/* What an aim enters in search of its children; bits. */
enum {
    JSON_ENTER_OBJECT = 1,
    JSON_ENTER_ARRAY = 2,
};

enum json_act {
    JSON_ACT_ENTER,  /* is only on the way, or, of a merge, an object to be merged */
    JSON_ACT_SET,    /* replaces a value, or adds it to its object, or array's end */
    JSON_ACT_INSERT, /* the same in an object; in an array inserts before the element */
    JSON_ACT_REMOVE, /* all members of that name */
};

/* How a container of the text writes its members. */
struct json_style {
    struct bytes gap;   /* before a member */
    struct bytes colon; /* with the white space around it */
    size_t length;      /* members */
};

struct json_aim {
    struct bytes name;  /* of json_name_text() */
    struct bytes named; /* as the tree's own text writes it; of a path empty */
    size_t index;       /* in an array */
    struct bytes value; /* JSON text, as written */
    enum json_act act;
    unsigned enters;
    struct json_aim *parent;       /* NULL of [0] */
    struct json_aim *child, *next; /* its first child, its next sibling, as written */
    size_t first, count;           /* the same children sorted: order[first …] */
    /* What json_aims_mark() found: the last member of this name. */
    size_t found_in; /* its container's opening bracket; SIZE_MAX: nowhere */
    size_t start, value_at, value_end;
    struct json_style style; /* of the value, when it was entered */
};

struct json_aims {
    struct json_aim *all;    /* [0] stands for the whole text */
    struct json_aim **order; /* children of one parent side by side, sorted */
    size_t count;            /* in `all` */
};

/* A tree of one branch: a path. Needs no memory but its own. */
struct json_chain {
    struct json_aims aims;
    struct json_aim all[JSON_PATH_STEPS + 1];
    struct json_aim *order[JSON_PATH_STEPS];
};

/* *chain points into itself: it is not copied. */
void json_chain_init(struct json_chain *chain, const struct json_path *path);

/* Makes the tree of a valid text: its objects, and its arrays if told to by `enters`.
 * It lives in `arena` and borrows `text`. STATUS_LIMIT for more than max_values
 * values, or STATUS_NO_MEMORY. */
MUST_USE enum status json_aims_read(struct arena *arena, struct bytes text, unsigned enters,
                                    size_t max_values, struct json_aims *ret_aims);

/* The child that a member of the text is, or NULL. */
struct json_aim *json_aims_child(const struct json_aims *aims, const struct json_aim *parent,
                                 const struct json_members *members,
                                 const struct json_member *member);

/* Would the aim go into the value at `at`? */
bool json_aim_enters(const struct json_aim *aim, struct bytes in, size_t at);

/* Finds all aims in one scan of the text; forgets what was found before. */
void json_aims_mark(struct json_aims *aims, struct bytes in);

/* Was the aim found in its parent, as that was found? */
bool json_aim_found(const struct json_aim *aim);

#endif
