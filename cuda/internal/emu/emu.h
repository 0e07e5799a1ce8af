// Shared declarations of the emulated device: settings, handles, streams. See README.md for what it enforces.
#ifndef DEMOTE_EMU_H
#define DEMOTE_EMU_H

#include <cuda.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace emu {

// ---------------------------------------------------------------- settings, faults, counters (config.cpp)

struct Settings {
	uint64_t seed = 1;
	int devices = 1, capability = 80, driver = 12020;
	size_t memory = size_t(1) << 30;
	bool shared = false, verbose = false;
};
extern Settings settings;

// Counters of a test's interest; demote_emu_counter reads them by name.
struct Counters {
	uint64_t launches, allocations, lookups, modules_loaded;
	uint64_t up_copies, up_bytes, down_copies, down_bytes, device_copies, device_bytes;
	uint64_t pageable, unsupported;
	uint64_t captured; // pieces of work that were put into a capture instead of run
};
extern Counters counters;

uint64_t draw(uint64_t below);         // next number of the seeded sequence, in [0, below)
void report(const char *format, ...);  // a line on stderr, kept for demote_emu_report
CUresult planned_fault(const char *function); // CUDA_SUCCESS, or the code that a `fail` setting asks for here
CUresult planned_launch_fault();
bool planned_loss(const char *function);

// ---------------------------------------------------------------- kernels and modules (kernels.cpp, ptx.cpp)

// Kernel is one entry of the host build of kernels.cu.
struct Kernel {
	const char *name;
	std::vector<size_t> parameters; // size of each in bytes
	void (*call)(void **arguments); // one thread of it
};
const std::vector<Kernel> &kernels();

struct Module;
struct Function {
	Module *module;
	const Kernel *kernel;
};
struct Context;
struct Module {
	Context *context;
	std::map<std::string, std::unique_ptr<Function>> functions;
};
// load_ptx checks an image and lists its entries; on success fills module->functions.
CUresult load_ptx(const char *image, Module *module);

// ---------------------------------------------------------------- streams (stream.cpp)

struct Event;
struct Op {
	uint64_t sequence = 0;
	const char *name = "";
	std::function<CUresult()> run;   // null for waits and records
	Event *record = nullptr;         // set: this marks the event
	std::shared_ptr<Event> keep;     // of record or wait
	uint64_t wait_for = 0;           // with keep and no record: ready once keep->done >= wait_for
};
struct Stream {
	Context *context;
	unsigned flags;
	std::deque<Op> queue;
	CUstreamCaptureStatus capturing = CU_STREAM_CAPTURE_STATUS_NONE;
	CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
};
struct Event {
	Context *context;
	unsigned flags;
	uint64_t last = 0, done = 0; // sequence numbers of the latest record asked for, and the latest reached
	double milliseconds = 0;
};

CUresult enqueue(Stream *stream, Op op);         // may run some queued work, as the seed has it; a capture runs nothing
CUresult drain(Stream *stream);                     // runs until the stream is empty
CUresult drain(Context *context);                   // runs until every stream of the context is empty
CUresult drain(Context *context, Event *event);     // runs until the event's latest record is reached
CUresult pass_time(Context *context);               // runs a little queued work, of whatever streams: somebody polls

// ---------------------------------------------------------------- captures (capture.cpp)

CUresult capture_of(Stream *stream, bool *open);  // open: the work is captured and not run; 901: the capture is broken
CUresult break_capture(Stream *stream);           // by a call that no capture takes: 900
CUresult capture_forbids(const char *function);   // 900 for a call that breaks captures of whatever stream and thread
size_t live_graphs();

// ---------------------------------------------------------------- contexts and handles (context.cpp)

struct Context {
	int device;
	bool primary;
	int retained = 0;
	CUresult sticky = CUDA_SUCCESS;
	bool gone = false;
	Stream legacy{this, CU_STREAM_DEFAULT, {}};
	std::set<Stream *> streams;
	std::map<CUevent, std::shared_ptr<Event>> events;
	std::set<Module *> modules;
	std::set<Function *> functions;
};

extern std::recursive_mutex lock;
extern std::set<Context *> contexts; // live ones
Context *current();                  // of this OS thread, or null; may be a destroyed one
std::vector<Context *> &current_stack();
Context *primary_of(int device);     // null while nobody retains it
CUresult retain_primary(int device, Context **out);
CUresult release_primary(int device, bool reset);
Context *create_context(int device, bool primary);
void destroy_context(Context *context); // frees everything that lives in it
Stream *stream_of(Context *context, CUstream handle); // null if it is none of the context's

// Needs of a call, checked by enter in this order.
enum Need { NOTHING, INITIALIZED, CONTEXT };
// enter begins a driver call: counts it, applies faults, checks what it needs. On CUDA_SUCCESS *context is the current
// one.
CUresult enter(const char *function, Need need, Context **context = nullptr);
extern bool initialized;
// fail_context makes an error sticky: every later call on the context returns it.
CUresult fail_context(Context *context, CUresult code);

// ---------------------------------------------------------------- memory (memory.cpp)

CUresult allocate(Context *context, size_t bytes, CUdeviceptr *out);
CUresult release(Context *context, CUdeviceptr address);
void release_all(Context *context);
CUresult check_range(Context *context, CUdeviceptr address, size_t bytes); // inside one live allocation of this context
bool is_device(const void *address);                                       // in the arena, live or not
bool allocation_of(CUdeviceptr address, CUdeviceptr *base, size_t *bytes);
size_t used_bytes(int device);
size_t live_allocations();
bool guards_intact();
CUresult allocate_host(Context *context, size_t bytes, void **out);
CUresult release_host(void *address);
bool is_pinned(const void *address, size_t bytes);
size_t live_host_allocations();
void apply_sharing(); // after a change of settings.shared
// Section opens device memory to this process while device work runs, and closes it again.
struct Section {
	Section();
	~Section();
};

// ---------------------------------------------------------------- blocks (block.cpp)

struct Launch {
	const Kernel *kernel;
	unsigned grid[3], block[3];
	size_t shared;
};
// run_kernel runs every block of a launch; the code is what the hardware would report at the next synchronize.
CUresult run_kernel(const Launch &launch, void **arguments);

} // namespace emu

#endif
