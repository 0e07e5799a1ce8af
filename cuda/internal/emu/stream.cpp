// Streams are queues. Work is done when somebody waits for it, or earlier if the seed has it so; where several streams
// could go on, the seed chooses. The legacy default stream and the blocking streams wait for each other, non-blocking
// streams for nobody.
#include "emu.h"

#include <algorithm>
#include <chrono>

namespace emu {
namespace {

uint64_t next_sequence = 1;

double now() {
	using namespace std::chrono;
	return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

bool blocking(const Stream &stream) { return !(stream.flags & CU_STREAM_NON_BLOCKING); }

// may_run says whether the first piece of work of a stream has everything that it waits for.
bool may_run(const Stream &stream) {
	if (stream.queue.empty()) return false;
	const Op &op = stream.queue.front();
	if (op.keep && !op.record && op.keep->done < op.wait_for) return false;
	const Context &context = *stream.context;
	if (&stream != &context.legacy) {
		return !blocking(stream) || context.legacy.queue.empty() || context.legacy.queue.front().sequence > op.sequence;
	}
	for (const Stream *other : context.streams) {
		if (blocking(*other) && !other->queue.empty() && other->queue.front().sequence < op.sequence) return false;
	}
	return true;
}

CUresult run_front(Stream &stream) {
	const Op op = std::move(stream.queue.front());
	stream.queue.pop_front();
	if (op.record) op.record->done = op.sequence, op.record->milliseconds = now();
	if (!op.run) return CUDA_SUCCESS;
	const CUresult code = op.run();
	return code == CUDA_SUCCESS ? code : fail_context(stream.context, code);
}

// step runs one piece of work of the context; false if there is none that may run. Without a seed a stream that is
// waited for goes first, then what was queued first: as little as possible happens before it must.
bool step(Context *context, Stream *awaited, CUresult *code) {
	std::vector<Stream *> able;
	if (may_run(context->legacy)) able.push_back(&context->legacy);
	for (Stream *stream : context->streams) {
		if (may_run(*stream)) able.push_back(stream);
	}
	if (able.empty()) return false;
	Stream *next = able[draw(able.size())];
	if (settings.seed == 0) {
		next = *std::min_element(able.begin(), able.end(), [awaited](const Stream *a, const Stream *b) {
			if ((a == awaited) != (b == awaited)) return a == awaited;
			return a->queue.front().sequence < b->queue.front().sequence;
		});
	}
	*code = run_front(*next);
	return true;
}

template <class DONE> CUresult run_until(Context *context, Stream *awaited, DONE done) {
	if (done()) return CUDA_SUCCESS;
	Section section;
	while (!done()) {
		CUresult code = CUDA_SUCCESS;
		if (context->sticky) return context->sticky;
		if (!step(context, awaited, &code)) {
			report("streams wait for each other for ever");
			return fail_context(context, CUDA_ERROR_LAUNCH_TIMEOUT);
		}
		if (code) return code;
	}
	return CUDA_SUCCESS;
}

} // namespace

CUresult enqueue(Stream *stream, Op op) {
	bool captured = false;
	if (CUresult code = capture_of(stream, &captured)) return code;
	if (captured) return CUDA_SUCCESS;
	op.sequence = next_sequence++;
	if (op.record) op.record->last = op.sequence;
	stream->queue.push_back(std::move(op));
	if (settings.shared) {
		drain(stream);
		return CUDA_SUCCESS;
	}
	if (settings.seed == 0 || draw(16) != 0) return CUDA_SUCCESS;
	Section section;
	CUresult code = CUDA_SUCCESS;
	for (uint64_t steps = 1 + draw(4); steps > 0 && code == CUDA_SUCCESS && step(stream->context, nullptr, &code); steps--) {
	}
	return CUDA_SUCCESS; // what fails shows at a wait
}

CUresult pass_time(Context *context) {
	Section section;
	CUresult code = CUDA_SUCCESS;
	const uint64_t most = settings.seed == 0 ? 1 : draw(4);
	for (uint64_t steps = 0; steps < most && code == CUDA_SUCCESS && step(context, nullptr, &code); steps++) {
	}
	return code;
}

CUresult drain(Stream *stream) {
	if (stream->capturing) return break_capture(stream);
	return run_until(stream->context, stream, [stream] { return stream->queue.empty(); });
}

CUresult drain(Context *context) {
	for (Stream *stream : context->streams) {
		if (stream->capturing) return break_capture(stream);
	}
	return run_until(context, nullptr, [context] {
		if (!context->legacy.queue.empty()) return false;
		for (const Stream *stream : context->streams) {
			if (!stream->queue.empty()) return false;
		}
		return true;
	});
}

CUresult drain(Context *context, Event *event) {
	const uint64_t target = event->last;
	return run_until(context, nullptr, [event, target] { return event->done >= target; });
}

} // namespace emu
