#define _GNU_SOURCE
#include "notes.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *text;
static size_t used, room;

void note(const char *format, ...) {
  char line[2000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  strcat(line, "\n");
  const size_t n = strlen(line);
  pthread_mutex_lock(&lock);
  if (used + n + 1 > room) text = realloc(text, room = 2 * (used + n + 1));
  if (!text) abort();
  memcpy(text + used, line, n + 1);
  used += n;
  pthread_mutex_unlock(&lock);
}

const char *demote_standin_notes(void) { return text ? text : ""; }

void demote_standin_reset(void) {
  pthread_mutex_lock(&lock);
  used = 0;
  if (text) *text = 0;
  pthread_mutex_unlock(&lock);
}

static char failing[64];

void demote_standin_fail(const char *function) {
  pthread_mutex_lock(&lock);
  snprintf(failing, sizeof failing, "%s", function ? function : "");
  pthread_mutex_unlock(&lock);
}

int fails(const char *function) {
  pthread_mutex_lock(&lock);
  const int now = strcmp(failing, function) == 0;
  pthread_mutex_unlock(&lock);
  return now;
}

/* A function of the emulated device's driver, null if that is not in the process. */
static void *driver_function(const char *name) {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  return driver ? dlsym(driver, name) : NULL;
}

int emulated(const void *address) {
  static int (*attribute)(void *, int, unsigned long long);
  unsigned kind = 0;
  if (!attribute) *(void **)&attribute = driver_function("cuPointerGetAttribute");
  /* 2 is CU_POINTER_ATTRIBUTE_MEMORY_TYPE, and 2 again CU_MEMORYTYPE_DEVICE */
  return attribute && attribute(&kind, 2, (uintptr_t)address) == 0 && kind == 2;
}

void drain(void) {
  static int (*synchronize)(void);
  if (!synchronize) *(void **)&synchronize = driver_function("cuCtxSynchronize");
  if (synchronize) synchronize();
}
