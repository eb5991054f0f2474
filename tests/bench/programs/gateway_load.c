/* Callers for the gateway's benchmark: one thread, epoll, each caller asks again as soon as it has its answer.
 *
 * gateway_load PORT PATH BODY_FILE CALLERS SECONDS REQUESTS SPREAD_US HEADER...
 *
 * Ends after so many seconds or requests (0: no limit). Callers begin within SPREAD_US microseconds of one another, in
 * even steps. One line of JSON tells what was measured, times in microseconds: "latency" until the end of an answer,
 * "first" until its first byte, "delay" of each event against the time that stands in it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1 << 18)

struct caller {
    int fd;
    int held, seen, sent;
    int64_t began, first;
    int busy;
    char in[ROOM + 1];
};

struct figures {
    double *all;
    size_t count, room;
};

static struct figures latency, first, delay;
static char *request;
static int size, port, poller;
static long begun, done, errors, wanted;
static int64_t stop_at;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(struct figures *it, int64_t nanoseconds) {
    if (it->count == it->room) it->all = realloc(it->all, (it->room = it->room * 2 + 1024) * sizeof(double));
    it->all[it->count++] = nanoseconds / 1000.0;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *name, struct figures *it) {
    qsort(it->all, it->count, sizeof(double), by_size);
    double mid = it->count ? it->all[it->count / 2] : 0, high = it->count ? it->all[it->count * 99 / 100] : 0;
    printf("\"%s\": {\"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}, ", name, mid, high,
           it->count ? it->all[it->count - 1] : 0);
}

static void join(struct caller *it) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    it->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(it->fd, (struct sockaddr *)&at, sizeof at)) {
        perror("connect");
        exit(1);
    }
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = it};
    epoll_ctl(poller, EPOLL_CTL_ADD, it->fd, &wish);
}

static void push(struct caller *it) {
    while (it->sent < size) {
        int gone = send(it->fd, request + it->sent, size - it->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (gone < 0) {
            if (errno != EAGAIN) break;
            struct epoll_event wish = {.events = EPOLLIN | EPOLLOUT, .data.ptr = it};
            epoll_ctl(poller, EPOLL_CTL_MOD, it->fd, &wish);
            return;
        }
        it->sent += gone;
    }
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = it};
    epoll_ctl(poller, EPOLL_CTL_MOD, it->fd, &wish);
}

static void ask(struct caller *it) {
    it->held = it->seen = it->sent = 0;
    it->first = 0;
    it->busy = 1;
    begun++;
    it->began = now();
    push(it);
}

static int whole(struct caller *it) {
    char *end = memmem(it->in, it->held, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    char *told = strcasestr(it->in, "\r\ncontent-length:");
    if (told != NULL && told < end) return it->held >= end + 4 - it->in + atoi(told + 17);
    return it->held >= 5 && memcmp(it->in + it->held - 5, "0\r\n\r\n", 5) == 0;
}

static void look_at_stamps(struct caller *it, int64_t at) {
    static const char mark[] = "stamp=";
    for (;;) {
        char *found = memmem(it->in + it->seen, it->held - it->seen, mark, sizeof mark - 1);
        if (found == NULL || found + sizeof mark - 1 + 20 > it->in + it->held) return;
        note(&delay, at - strtoll(found + sizeof mark - 1, NULL, 10));
        it->seen = found - it->in + sizeof mark - 1 + 20;
    }
}

static void again(struct caller *it, int64_t at) {
    it->busy = 0;
    if ((stop_at == 0 || at < stop_at) && (wanted == 0 || begun < wanted)) ask(it);
}

static void hear(struct caller *it) {
    int got = recv(it->fd, it->in + it->held, ROOM - it->held, MSG_DONTWAIT);
    int64_t at = now();
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        errors++;
        done++;
        close(it->fd);
        join(it);
        again(it, at);
        return;
    }
    if (it->first == 0) it->first = at;
    it->held += got;
    it->in[it->held] = 0;
    look_at_stamps(it, at);
    if (!whole(it)) return;
    if (memcmp(it->in, "HTTP/1.1 200", 12)) errors++;
    done++;
    note(&latency, at - it->began);
    note(&first, it->first - it->began);
    again(it, at);
}

int main(int count, char **words) {
    if (count < 8) return fprintf(stderr, "see the head of gateway_load.c\n"), 2;
    port = atoi(words[1]);
    int callers = atoi(words[4]);
    double seconds = atof(words[5]);
    wanted = atol(words[6]);
    int64_t spread = atol(words[7]) * 1000LL;
    FILE *file = fopen(words[3], "rb");
    if (file == NULL) return perror("body"), 2;
    static char body[1 << 20];
    int length = fread(body, 1, sizeof body, file);
    request = malloc(length + 4096);
    size = sprintf(request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n", words[2], port);
    for (int i = 8; i < count; i++) size += sprintf(request + size, "%s\r\n", words[i]);
    size += sprintf(request + size, "Content-Length: %d\r\n\r\n", length);
    memcpy(request + size, body, length);
    size += length;
    poller = epoll_create1(0);
    struct caller *all = calloc(callers, sizeof *all);
    for (int i = 0; i < callers; i++) join(&all[i]);
    int64_t start = now();
    stop_at = seconds > 0 ? start + (int64_t)(seconds * 1e9) : 0;
    int asked = 0;
    struct epoll_event ready[256];
    for (;;) {
        int64_t at = now();
        while (asked < callers && at >= start + spread * asked / callers) ask(&all[asked++]);
        int busy = asked < callers;
        for (int i = 0; i < callers && !busy; i++) busy = all[i].busy;
        if (!busy || at > start + 120000000000LL) break;
        int many = epoll_wait(poller, ready, 256, asked < callers ? 0 : 100);
        for (int i = 0; i < many; i++) {
            struct caller *it = ready[i].data.ptr;
            if (ready[i].events & EPOLLOUT) push(it);
            if (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(it);
        }
    }
    double took = (now() - start) / 1e9;
    printf("{");
    tell("latency", &latency);
    tell("first", &first);
    tell("delay", &delay);
    printf("\"requests\": %ld, \"errors\": %ld, \"events\": %zu, \"seconds\": %.4f}\n", done, errors, delay.count, took);
    return 0;
}
