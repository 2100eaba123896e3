-- SPDX-License-Identifier: GPL-2.0-only
--
-- Who may do what in the database of a fleet; for PostgreSQL, once, after
-- "rpmb-state setup", by whoever made the tables:
--
--	psql -f rpmb-roles.sql DATABASE
--
-- Hosts log in with roles of their own, which are members of one of these:
--
--	rpmb_serve	serve the devices that rpmb_hosts gives to the role of the host
--	rpmb_serve_all	serve all devices
--	rpmb_manage	make, look at, put back and retire devices, and give them to hosts
--
-- None of them can change the log, or the size and identity of a device. A host that is
-- no longer trusted loses its role, and with that all its devices.

BEGIN;

CREATE ROLE rpmb_serve NOLOGIN;
CREATE ROLE rpmb_serve_all NOLOGIN;
CREATE ROLE rpmb_manage NOLOGIN;

GRANT SELECT ON rpmb_schema, rpmb_devices, rpmb_blocks, rpmb_log, rpmb_hosts
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT UPDATE (id) ON rpmb_schema TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT UPDATE (sealed, counter, epoch, owner, token, ticket) ON rpmb_devices
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT INSERT, UPDATE (data) ON rpmb_blocks
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT INSERT ON rpmb_log TO rpmb_serve, rpmb_serve_all, rpmb_manage;

GRANT INSERT, UPDATE (retired) ON rpmb_devices TO rpmb_manage;
GRANT DELETE ON rpmb_blocks TO rpmb_manage;
GRANT INSERT, DELETE ON rpmb_hosts TO rpmb_manage;

ALTER TABLE rpmb_devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE rpmb_blocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE rpmb_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY everything ON rpmb_devices TO rpmb_serve_all, rpmb_manage
	USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY everything ON rpmb_blocks TO rpmb_serve_all, rpmb_manage
	USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY everything ON rpmb_log TO rpmb_serve_all, rpmb_manage
	USING (TRUE) WITH CHECK (TRUE);

CREATE POLICY own ON rpmb_devices TO rpmb_serve
	USING (EXISTS (SELECT 1 FROM rpmb_hosts AS h
		WHERE h.guid = rpmb_devices.guid AND h.role = current_user));
CREATE POLICY own ON rpmb_blocks TO rpmb_serve
	USING (EXISTS (SELECT 1 FROM rpmb_hosts AS h
		WHERE h.guid = rpmb_blocks.guid AND h.role = current_user));
CREATE POLICY own ON rpmb_log TO rpmb_serve
	USING (EXISTS (SELECT 1 FROM rpmb_hosts AS h
		WHERE h.guid = rpmb_log.guid AND h.role = current_user));

COMMIT;
