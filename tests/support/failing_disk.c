/* A disk that fails, for tests. Preloaded, it counts the calls of one kind on files whose path holds a text, and
 * lets them fail from one of them on. `set_failing` begins the count anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls, first_failing;
static int error_number;
static char kind[16], under[256];

/* Count calls of `of_kind` ("write", "sync" or "rename") under `place`; all from number `at` on fail with
 * `number`, none where it is 0. */
void set_failing(const char *of_kind, const char *place, long at, int number) {
    snprintf(kind, sizeof kind, "%s", of_kind);
    snprintf(under, sizeof under, "%s", place);
    first_failing = at;
    error_number = number;
    calls = 0;
}

long count_calls(void) { return calls; }

static int is_under(const char *path) {
    return under[0] && path && strstr(path, under) != NULL;
}

static int is_file_under(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_under(path);
}

static int fails(const char *call) {
    if (strcmp(kind, call) != 0) return 0;
    long number = __sync_add_and_fetch(&calls, 1);
    if (first_failing == 0 || number < first_failing) return 0;
    errno = error_number;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (descriptor > 2 && is_file_under(descriptor) && fails("write")) return -1;
    return REAL(write)(descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (descriptor > 2 && is_file_under(descriptor) && fails("write")) return -1;
    return REAL(writev)(descriptor, parts, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t at) {
    if (is_file_under(descriptor) && fails("write")) return -1;
    return REAL(pwrite)(descriptor, bytes, count, at);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t at) {
    if (is_file_under(descriptor) && fails("write")) return -1;
    return REAL(pwrite64)(descriptor, bytes, count, at);
}

int fsync(int descriptor) {
    if (is_file_under(descriptor) && fails("sync")) return -1;
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    if (is_file_under(descriptor) && fails("sync")) return -1;
    return REAL(fdatasync)(descriptor);
}

int rename(const char *from, const char *to) {
    if (is_under(to) && fails("rename")) return -1;
    return REAL(rename)(from, to);
}
