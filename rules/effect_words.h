/* effect_words: what an effect does, in words for people: in the notes of flows, and
 * where rules are tried without traffic. */
#ifndef WEIR_RULES_EFFECT_WORDS_H
#define WEIR_RULES_EFFECT_WORDS_H

#include "rules/effect.h"

enum { EFFECT_WORDS_BYTES = 512 };

/* One sentence: "answered 503", "request held 200.0 ms"; cut if it is too long. What is
 * known only when it is made, an edit, has the general sentence of its kind. */
void effect_words(const struct effect *e, char ret_text[static EFFECT_WORDS_BYTES]);

#endif
