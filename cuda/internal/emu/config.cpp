// Settings, planned faults, counters, and the test interface of the emulated device.
#include "emu.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace emu {

Settings settings;
Counters counters;

namespace {

struct Fault {
	std::string function; // "" = a kernel when it runs
	uint64_t countdown;   // calls left until it strikes; 0 = strikes every time
	CUresult code;
	bool loses;
};
std::vector<Fault> faults;
uint64_t state = 1;
std::string last_report;

std::vector<std::string> split(const std::string &text, char at) {
	std::vector<std::string> parts;
	size_t from = 0;
	for (size_t to; (to = text.find(at, from)) != std::string::npos; from = to + 1) parts.push_back(text.substr(from, to - from));
	parts.push_back(text.substr(from));
	return parts;
}

uint64_t number(const std::string &text) { return std::strtoull(text.c_str(), nullptr, 10); }

// strikes counts a call down and says whether the fault happens now.
bool strikes(Fault &fault) {
	if (fault.countdown == 0) return true;
	if (--fault.countdown > 0) return false;
	fault.countdown = ~uint64_t(0); // once only
	return true;
}

bool set(const std::string &key, const std::string &value) {
	const std::vector<std::string> parts = split(value, ':');
	if (key == "seed") settings.seed = state = number(value);
	else if (key == "devices") settings.devices = int(number(value));
	else if (key == "capability") settings.capability = int(number(value));
	else if (key == "driver") settings.driver = int(number(value));
	else if (key == "memory") settings.memory = number(value);
	else if (key == "shared") settings.shared = number(value) != 0;
	else if (key == "verbose") settings.verbose = number(value) != 0;
	else if (key == "fail" && parts.size() == 3) faults.push_back({parts[0], number(parts[1]), CUresult(number(parts[2])), false});
	else if (key == "launch" && parts.size() == 2) faults.push_back({"", number(parts[0]), CUresult(number(parts[1])), false});
	else if (key == "lose" && parts.size() == 2) faults.push_back({parts[0], number(parts[1]), CUDA_ERROR_CONTEXT_IS_DESTROYED, true});
	else return false;
	return true;
}

bool configure(const char *text) {
	bool known = true;
	for (const std::string &entry : split(text, ',')) {
		const size_t equals = entry.find('=');
		if (entry.empty()) continue;
		if (equals != std::string::npos && set(entry.substr(0, equals), entry.substr(equals + 1))) continue;
		report("unknown setting %s", entry.c_str());
		known = false;
	}
	return known;
}

struct FromEnvironment {
	FromEnvironment() {
		if (const char *text = std::getenv("DEMOTE_EMU")) {
			if (!configure(text)) std::abort();
		}
	}
} from_environment;

} // namespace

// draw is xorshift64* (Marsaglia; Vigna's multiplier), enough to vary orders.
uint64_t draw(uint64_t below) {
	if (state == 0) return 0; // seed 0 draws nothing
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 2685821657736338717ull >> 16) % below;
}

void report(const char *format, ...) {
	char line[600];
	va_list arguments;
	va_start(arguments, format);
	std::vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	last_report = line;
	std::fprintf(stderr, "emulated device: %s\n", line);
}

CUresult planned_fault(const char *function) {
	for (Fault &fault : faults) {
		if (!fault.loses && fault.function == function && strikes(fault)) return fault.code;
	}
	return CUDA_SUCCESS;
}

CUresult planned_launch_fault() { return planned_fault(""); }

bool planned_loss(const char *function) {
	for (Fault &fault : faults) {
		if (fault.loses && fault.function == function && strikes(fault)) return true;
	}
	return false;
}

} // namespace emu

using namespace emu;

// The test interface, used through cuda/emutest: no part of the driver API.
extern "C" {

int demote_emu_configure(const char *text) {
	std::lock_guard<std::recursive_mutex> held(lock);
	const bool known = configure(text);
	apply_sharing();
	return known ? 0 : 1;
}

// demote_emu_reset puts back the defaults and forgets planned faults and counters; live handles stay.
void demote_emu_reset(void) {
	std::lock_guard<std::recursive_mutex> held(lock);
	settings = Settings();
	faults.clear();
	counters = Counters();
	state = 1;
	last_report.clear();
	if (const char *text = std::getenv("DEMOTE_EMU")) configure(text);
	apply_sharing();
}

const char *demote_emu_report(void) {
	std::lock_guard<std::recursive_mutex> held(lock);
	return last_report.c_str();
}

uint64_t demote_emu_counter(const char *name) {
	std::lock_guard<std::recursive_mutex> held(lock);
	size_t streams = 0, events = 0, modules = 0;
	for (const Context *context : contexts) {
		streams += context->streams.size(), events += context->events.size(), modules += context->modules.size();
	}
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
	    {"live_allocations", live_allocations()}, {"live_pinned", live_host_allocations()}, {"live_streams", streams},
	    {"live_events", events}, {"live_modules", modules}, {"live_contexts", contexts.size()}, {"launches", counters.launches},
	    {"allocations", counters.allocations}, {"lookups", counters.lookups}, {"modules_loaded", counters.modules_loaded},
	    {"up_copies", counters.up_copies}, {"up_bytes", counters.up_bytes}, {"down_copies", counters.down_copies},
	    {"down_bytes", counters.down_bytes}, {"device_copies", counters.device_copies}, {"device_bytes", counters.device_bytes},
	    {"pageable", counters.pageable}, {"unsupported", counters.unsupported},
	    {"captured", counters.captured}, {"live_graphs", live_graphs()},
	};
	for (const auto &entry : all) {
		if (std::strcmp(entry.name, name) == 0) return entry.value;
	}
	return ~uint64_t(0);
}

// demote_emu_unsupported answers every exported function that has no body here.
int demote_emu_unsupported(const char *function) {
	std::lock_guard<std::recursive_mutex> held(lock);
	counters.unsupported++;
	report("%s is not emulated", function);
	return CUDA_ERROR_NOT_SUPPORTED;
}

} // extern "C"
