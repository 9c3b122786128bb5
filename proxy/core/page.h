/* page: what weir says to a client by itself: why an exchange failed, and the
 * welcome at the proxy's own address. HTML for those who ask for it, else plain
 * text; everything from the network is escaped; no header of the request is shown. */
#ifndef WEIR_PROXY_CORE_PAGE_H
#define WEIR_PROXY_CORE_PAGE_H

#include "http/message.h"
#include "proxy/core/close_reason.h"

struct page {
    uint16_t status;
    enum close_reason reason;
    const char *sentence;
    bool welcome; /* the welcome page instead */
};

/* Makes a response head and its body in `a`, fit for `request` (none for HEAD;
 * `request` may be NULL). NO_MEMORY. */
MUST_USE enum status page_make(struct arena *a, const struct page *page, const struct head *request,
                               struct head **ret_head, struct bytes *ret_body);

#endif
