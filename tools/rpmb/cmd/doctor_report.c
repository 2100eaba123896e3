// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what was found, and the one next step
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "json.h"

static const struct {
	const char *name;
	const char *plural;
	int exit_code;
} severities[] = {
	[DOCTOR_OK] = { "ok", "ok", EXIT_OK },
	[DOCTOR_NOTE] = { "note", "notes", EXIT_OK },
	[DOCTOR_WARNING] = { "warning", "warnings", EXIT_WARNING },
	[DOCTOR_ERROR] = { "error", "errors", EXIT_ERROR },
};

/* A stranger's words, such as the name that a program has given itself, are for terminals, too */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void found(struct doctor *doctor, enum severity severity, const char *next,
	   const char *fmt, ...)
{
	struct finding *finding;
	va_list args;

	doctor->findings = reallocarray(doctor->findings,
					doctor->nr_findings + 1,
					sizeof(*doctor->findings));
	if (!doctor->findings)
		abort();
	finding = &doctor->findings[doctor->nr_findings++];
	*finding = (struct finding) {
		.severity = severity,
		.check = doctor->check,
		.device = doctor->patient ? doctor->patient->info.name : NULL,
		.next = next ? strdup(next) : NULL,
	};
	va_start(args, fmt);
	if (vasprintf(&finding->text, fmt, args) < 0 || (next && !finding->next))
		abort();
	va_end(args);
	make_printable(finding->text);
}

void clear_findings(struct doctor *doctor)
{
	while (doctor->nr_findings) {
		struct finding *last = &doctor->findings[--doctor->nr_findings];

		free(last->text);
		free(last->next);
	}
	free(doctor->findings);
}

/* The first of the worst, which others may only follow from */
static const struct finding *find_worst(const struct doctor *doctor)
{
	const struct finding *worst = &doctor->findings[0];
	size_t i;

	for (i = 1; i < doctor->nr_findings; i++)
		if (doctor->findings[i].severity > worst->severity)
			worst = &doctor->findings[i];
	return worst;
}

static void print_findings(const struct doctor *doctor)
{
	const struct finding *finding = doctor->findings;
	const struct finding *end = finding + doctor->nr_findings;

	for (; finding < end; finding++) {
		printf("%-8s %s%s%s\n", severities[finding->severity].name,
		       finding->device ?: "", finding->device ? ": " : "",
		       finding->text);
		if (finding->next)
			printf("%-8s to do: %s\n", "", finding->next);
	}
}

static void print_sum(const struct doctor *doctor, const struct finding *worst)
{
	enum severity severity = worst->severity;
	unsigned int nr = 0;
	size_t i;

	if (severity < DOCTOR_WARNING) {
		puts("\nnothing is wrong");
		return;
	}
	for (i = 0; i < doctor->nr_findings; i++)
		nr += doctor->findings[i].severity == severity;
	printf("\n%u %s; next: %s\n", nr,
	       nr == 1 ? severities[severity].name : severities[severity].plural,
	       worst->next);
}

static struct json_object *finding_json(const struct finding *finding)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "check", finding->check);
	add_text(object, "severity", severities[finding->severity].name);
	if (finding->device)
		add_text(object, "device", finding->device);
	add_text(object, "text", finding->text);
	if (finding->next)
		add_text(object, "next", finding->next);
	return object;
}

static void print_json_findings(const struct doctor *doctor,
				const struct finding *worst)
{
	struct json_object *object = json_object_new_object();
	struct json_object *findings = json_object_new_array();
	size_t i;

	add_text(object, "severity", severities[worst->severity].name);
	if (worst->severity >= DOCTOR_WARNING)
		add_text(object, "next", worst->next);
	for (i = 0; i < doctor->nr_findings; i++)
		json_object_array_add(findings,
				      finding_json(&doctor->findings[i]));
	json_object_object_add(object, "findings", findings);
	print_json(object);
}

int complain_findings(const struct doctor *doctor, const char *device)
{
	const struct finding *finding = doctor->findings;
	int ret = EXIT_OK;
	size_t i;

	for (i = 0; i < doctor->nr_findings; i++, finding++) {
		if (finding->severity < DOCTOR_WARNING)
			continue;
		complain(EXIT_OK, device, "%s: %s",
			 severities[finding->severity].name, finding->text);
		if (finding->severity == DOCTOR_ERROR)
			ret = EXIT_ERROR;
	}
	return ret;
}

int report_findings(const struct doctor *doctor, bool json)
{
	const struct finding *worst = find_worst(doctor);

	if (json) {
		print_json_findings(doctor, worst);
	} else {
		print_findings(doctor);
		print_sum(doctor, worst);
	}
	return severities[worst->severity].exit_code;
}
