/* Browsers have rules of their own about what goes to a proxy: localhost does not. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"

enum { PREFS_BYTES = 8 * 1024 * 1024, COMMAND_BYTES = 256 * 1024, PROXY_TEXT = 256 };

/* ---- Chromium and its kin ---- */

static const char *const chromiums[] = {"chromium", "chrome", "msedge", "brave"};

static bool is_chromium(struct bytes program)
{
    for (size_t i = 0; i < sizeof(chromiums) / sizeof(chromiums[0]); i++) {
        if (bytes_starts_with(program, bytes_of(chromiums[i])))
            return true;
    }
    return false;
}

/* The words of a command line, each with a NUL behind it. */
static bool find_argument(struct bytes words, const char *start, struct bytes *ret_value)
{
    while (words.len) {
        ptrdiff_t end = bytes_find(words, 0);
        struct bytes word = bytes_until(words, end < 0 ? words.len : (size_t)end);

        words = bytes_from(words, word.len + 1);
        if (bytes_starts_with(word, bytes_of(start))) {
            *ret_value = bytes_from(word, strlen(start));
            return true;
        }
    }
    return false;
}

static struct bytes program_of(struct bytes words)
{
    struct bytes path = bytes_until(words, strnlen((const char *)words.ptr, words.len));
    ptrdiff_t slash;

    while ((slash = bytes_find(path, '/')) >= 0)
        path = bytes_from(path, (size_t)slash + 1);
    return path;
}

static void look_at_process(struct doctor *d, const char *pid, struct bytes words)
{
    struct bytes program = words.len ? program_of(words) : words, proxy, bypass;

    /* those it starts itself have a --type; what goes to another proxy is none of weir's */
    if (!is_chromium(program) || find_argument(words, "--type=", &proxy) ||
        !find_argument(words, "--proxy-server=", &proxy) || !doctor_is_weir(d, proxy))
        return;
    if (find_argument(words, "--proxy-bypass-list=", &bypass) &&
        bytes_search(bypass, BYTES("<-loopback>")) >= 0) {
        doctor_say(d, DOCTOR_OK, "%.*s (process %s) sends localhost to weir too", (int)program.len,
                   (const char *)program.ptr, pid);
        return;
    }
    doctor_say(d, DOCTOR_REMARK, "%.*s (process %s) does not send localhost to weir, its proxy",
               (int)program.len, (const char *)program.ptr, pid);
    doctor_advise(d, "start it with --proxy-bypass-list='<-loopback>'");
}

static void look_at_processes(struct doctor *d)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    struct buf words;

    buf_init(&words, COMMAND_BYTES);
    while (dir && (entry = readdir(dir))) {
        char path[64];

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/cmdline", entry->d_name);
        buf_clear(&words);
        if (file_read(path, &words) == STATUS_OK)
            look_at_process(d, entry->d_name, buf_bytes(&words));
    }
    if (dir)
        closedir(dir);
    buf_release(&words);
}

/* ---- Firefox ---- */

static const char *const firefox_folders[] = {
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
};

/* The value in `user_pref("name", value);`, the last one; false: it is not set. */
static bool find_pref(struct bytes prefs, const char *name, struct bytes *ret_value)
{
    char start[128];
    bool found = false;
    ptrdiff_t at;

    snprintf(start, sizeof(start), "user_pref(\"%s\",", name);
    while ((at = bytes_search(prefs, bytes_of(start))) >= 0) {
        ptrdiff_t end;

        prefs = bytes_from(prefs, (size_t)at + strlen(start));
        end = bytes_search(prefs, BYTES(");"));
        if (end < 0)
            break;
        *ret_value = bytes_trim(bytes_until(prefs, (size_t)end));
        found = true;
    }
    return found;
}

static bool pref_is(struct bytes prefs, const char *name, const char *value)
{
    struct bytes found;

    return find_pref(prefs, name, &found) && bytes_equal(found, bytes_of(value));
}

/* Where its proxy is: "127.0.0.1:8080". False: it has none of its own, but the system's,
 * which is the environment's here. */
static bool find_proxy(struct bytes prefs, char *ret_proxy)
{
    struct bytes host, port;

    if (!pref_is(prefs, "network.proxy.type", "1") ||
        !find_pref(prefs, "network.proxy.http", &host) || host.len < 2 ||
        !find_pref(prefs, "network.proxy.http_port", &port))
        return false;
    snprintf(ret_proxy, PROXY_TEXT, "%.*s:%.*s", (int)host.len - 2, (const char *)host.ptr + 1,
             (int)port.len, (const char *)port.ptr);
    return true;
}

static void look_at_prefs(struct doctor *d, const char *profile, struct bytes prefs)
{
    char proxy[PROXY_TEXT];
    struct bytes hosts;

    if (!find_proxy(prefs, proxy))
        return;
    if (!doctor_is_weir(d, bytes_of(proxy))) {
        doctor_say(d, DOCTOR_REMARK, "Firefox, %s: its proxy is %s, not weir", profile, proxy);
        doctor_advise(d, "in its network settings take %s, for HTTPS too", d->address_text);
        return;
    }
    if (pref_is(prefs, "network.proxy.allow_hijacking_localhost", "true")) {
        doctor_say(d, DOCTOR_OK, "Firefox, %s: localhost goes to weir too", profile);
    } else {
        doctor_say(d, DOCTOR_REMARK, "Firefox, %s: localhost does not go to weir", profile);
        doctor_advise(d, "in about:config set network.proxy.allow_hijacking_localhost to true");
    }
    if (!find_pref(prefs, "network.proxy.no_proxies_on", &hosts) || hosts.len <= 2)
        return;
    doctor_say(d, DOCTOR_REMARK, "Firefox, %s: these hosts do not go to weir: %.*s", profile,
               (int)hosts.len, (const char *)hosts.ptr);
    doctor_advise(d, "empty \"No proxy for\" in its network settings");
}

/* user.js is read after prefs.js. */
static void look_at_profile(struct doctor *d, const char *folder, const char *name)
{
    static const char *const files[] = {"prefs.js", "user.js"};
    char profile[PATHS_TEXT], path[PATHS_TEXT];
    struct buf prefs;

    if (path_join(folder, name, profile))
        return;
    buf_init(&prefs, PREFS_BYTES);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (path_join(profile, files[i], path) == STATUS_OK && path_is_file(path) &&
            file_read(path, &prefs))
            buf_clear(&prefs);
        buf_put_byte(&prefs, '\n');
    }
    look_at_prefs(d, profile, buf_bytes(&prefs));
    buf_release(&prefs);
}

static void look_at_profiles(struct doctor *d)
{
    for (size_t i = 0; i < sizeof(firefox_folders) / sizeof(firefox_folders[0]); i++) {
        char folder[PATHS_TEXT];
        DIR *dir = paths_home(firefox_folders[i], folder) ? NULL : opendir(folder);
        struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
            if (entry->d_name[0] != '.')
                look_at_profile(d, folder, entry->d_name);
        }
        if (dir)
            closedir(dir);
    }
}

void doctor_browsers(struct doctor *d)
{
    uint32_t before = d->count;

    look_at_processes(d);
    look_at_profiles(d);
    if (d->count == before)
        doctor_say(d, DOCTOR_OK,
                   "none has a proxy of its own set; by default none sends localhost to one");
}
