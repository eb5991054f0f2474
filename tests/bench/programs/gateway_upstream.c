/* A scripted upstream for the gateway's benchmark: one thread, epoll, HTTP/1.1 with connections kept alive.
 *
 * gateway_upstream PORT        listens on 127.0.0.1 and says so with a line on its output
 *
 * The request's message says what is answered, for every gateway has to pass that on, whatever it translates:
 *   bench paced COUNT MICROSECONDS   so many events, so far apart, each with the time at which it was sent
 *   anything else                    a short answer in JSON
 * A GET is answered with a list of one model.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096
#define ROOM (1 << 20)

static const char TEXT[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"up-model\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"A gateway that takes no time is one that nobody notices: the words pass "
    "through it as they come, none is kept, none is changed, and the one who reads them cannot tell that it was there at all."
    " What remains to be said of it fits into this one sentence, which is here to give the answer its usual length.\"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":60,\"total_tokens\":260}}";

static const char LIST[] = "{\"object\":\"list\",\"data\":[{\"id\":\"up-model\",\"object\":\"model\"}]}";

struct talk {
    char *in;
    int held;       /* bytes of a request so far */
    int left;       /* events still to be sent */
    int64_t apart;  /* nanoseconds between two */
    int64_t due;
};

static struct talk talks[MOST];
static int poller;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void hang_up(int fd) {
    close(fd);
    free(talks[fd].in);
    memset(&talks[fd], 0, sizeof talks[fd]);
}

static void say(int fd, const char *text, int size) {
    /* answers are small against a socket's buffer: one that does not fit is from a caller who does not read */
    if (send(fd, text, size, MSG_NOSIGNAL) != size) hang_up(fd);
}

static void event(int fd) {
    static const char end[] =
        "data: {\"id\":\"1\",\"model\":\"up-model\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        "data: {\"id\":\"1\",\"model\":\"up-model\",\"choices\":[],\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":50,"
        "\"total_tokens\":250}}\n\ndata: [DONE]\n\n";
    char data[1024], chunk[1100];
    int last = --talks[fd].left == 0;
    int size = snprintf(data, sizeof data,
                        "data: {\"id\":\"1\",\"model\":\"up-model\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" stamp=%019lld"
                        "\"},\"finish_reason\":null}]}\n\n%s",
                        (long long)now(), last ? end : "");
    int all = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n%s", size, data, last ? "0\r\n\r\n" : "");
    talks[fd].due += talks[fd].apart;
    say(fd, chunk, all);
}

static void tell(int fd, const char *text) {
    char whole[2048];
    int size = snprintf(whole, sizeof whole,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(text), text);
    say(fd, whole, size);
}

static void answer(int fd, const char *body, int length) {
    static const char mark[] = "bench paced ";
    const char *found = memmem(body, length, mark, sizeof mark - 1);
    if (found == NULL) {
        tell(fd, TEXT);
        return;
    }
    int count = 0;
    long apart = 0;
    sscanf(found + sizeof mark - 1, "%d %ld", &count, &apart);
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    talks[fd].left = count;
    talks[fd].apart = apart * 1000;
    talks[fd].due = now();
    say(fd, head, sizeof head - 1);
    if (talks[fd].in != NULL) event(fd);
}

static void read_more(int fd) {
    struct talk *it = &talks[fd];
    int got = recv(fd, it->in + it->held, ROOM - 1 - it->held, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) hang_up(fd);
        return;
    }
    it->held += got;
    it->in[it->held] = 0;
    char *end = memmem(it->in, it->held, "\r\n\r\n", 4);
    if (end == NULL) return;
    char *told = strcasestr(it->in, "\r\ncontent-length:");
    int length = told != NULL && told < end ? atoi(told + 17) : 0;
    int head = end + 4 - it->in;
    if (it->held < head + length) return;
    it->held = 0;
    if (memcmp(it->in, "GET ", 4) == 0) tell(fd, LIST);
    else answer(fd, it->in + head, length);
}

static void take(int listener) {
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MOST) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    talks[fd].in = malloc(ROOM);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 0),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) return perror("listen"), 1;
    socklen_t size = sizeof at;
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    poller = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);
    wanted.data.fd = timer;
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &wanted);
    struct epoll_event ready[256];
    for (;;) {
        int64_t soonest = INT64_MAX;
        for (int fd = 0; fd < MOST; fd++) {
            while (talks[fd].left > 0 && talks[fd].due <= now()) event(fd);
            if (talks[fd].left > 0 && talks[fd].due < soonest) soonest = talks[fd].due;
        }
        struct itimerspec alarm = {0};
        if (soonest != INT64_MAX) {
            alarm.it_value.tv_sec = soonest / 1000000000;
            alarm.it_value.tv_nsec = soonest % 1000000000;
        }
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &alarm, NULL);
        int many = epoll_wait(poller, ready, 256, -1);
        for (int i = 0; i < many; i++) {
            int fd = ready[i].data.fd;
            uint64_t times;
            if (fd == listener) take(listener);
            else if (fd == timer) (void)!read(timer, &times, sizeof times);
            else read_more(fd);
        }
    }
}
