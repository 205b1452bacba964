/* Puts a program of any language inside the emulator's private network, as private-network.mjs does with Node: the name
 * red-... resolves to an address of its own, and a connection to it goes to that instance's socket. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PORT 6379
#define LONGEST 24 /* "red-" and 20 letters */
#define MOST 250
#define FIRST 0x7f564501 /* 127.86.69.1, for the first name that was resolved */

static char known[MOST][LONGEST + 1];

static int is_instance(const char *name) {
  return name && getenv("RENDER_PRIVATE_NETWORK") && strlen(name) == LONGEST && !strncmp(name, "red-", 4) &&
         strspn(name + 4, "0123456789abcdefghijklmnopqrstuv") == LONGEST - 4;
}

static void path_of(char *path, size_t size, const char *name, const char *file) {
  snprintf(path, size, "%s/%s/%s", getenv("RENDER_PRIVATE_NETWORK"), name, file);
}

/* The address that stands for the instance as text, or NULL when there is no such instance. */
static const char *address_of(const char *name) {
  static __thread char text[INET_ADDRSTRLEN];
  char path[sizeof(struct sockaddr_un)];
  path_of(path, sizeof path, name, "");
  if (access(path, F_OK)) return NULL;
  int index = 0;
  while (index < MOST - 1 && *known[index] && strcmp(known[index], name)) index++;
  strcpy(known[index], name);
  struct in_addr address = {htonl(FIRST + index)};
  return inet_ntop(AF_INET, &address, text, sizeof text);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  if (!is_instance(node)) return next(node, service, hints, result);
  const char *address = address_of(node);
  return address ? next(address, service, hints, result) : EAI_NONAME;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  const struct sockaddr_in *in = (const struct sockaddr_in *)address;
  if (!address || address->sa_family != AF_INET) return next(fd, address, length);
  uint32_t index = ntohl(in->sin_addr.s_addr) - FIRST;
  if (index >= MOST || !*known[index]) return next(fd, address, length);
  struct sockaddr_un un = {AF_UNIX};
  path_of(un.sun_path, sizeof un.sun_path, known[index], "s");
  int socket_of = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* The name may be known while nobody listens. */
  if (ntohs(in->sin_port) != PORT || next(socket_of, (struct sockaddr *)&un, sizeof un)) {
    close(socket_of);
    errno = ECONNREFUSED;
    return -1;
  }
  fcntl(socket_of, F_SETFL, fcntl(fd, F_GETFL));
  dup3(socket_of, fd, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0);
  close(socket_of);
  return 0;
}
