-- SPDX-License-Identifier: GPL-2.0-only
--
-- Who may do what in the database of a fleet; for PostgreSQL, after "rpmb-state setup", by
-- whoever made the tables, and once more whenever that has brought them to a new version:
--
--	psql -f rpmb-roles.sql DATABASE
--
-- Hosts log in with roles of their own, which are members of one of these:
--
--	rpmb_serve	serve the devices that rpmb_hosts gives to the role of the host
--	rpmb_serve_all	serve all devices
--	rpmb_manage	make, look at, put back and retire devices, and give them to hosts
--
-- None of them can change the log, or the size and identity of a device. Each can add to the
-- log of its devices, which has the time and the role of whoever did. A host that is no
-- longer trusted loses its role, and with that all its devices.

BEGIN;

DO $$
DECLARE name TEXT;
BEGIN
	FOREACH name IN ARRAY ARRAY['rpmb_serve', 'rpmb_serve_all', 'rpmb_manage'] LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', name);
		END IF;
	END LOOP;
END $$;

REVOKE ALL ON rpmb_schema, rpmb_devices, rpmb_blocks, rpmb_log, rpmb_hosts, rpmb_confirm
	FROM rpmb_serve, rpmb_serve_all, rpmb_manage;
DROP POLICY IF EXISTS everything ON rpmb_devices;
DROP POLICY IF EXISTS everything ON rpmb_blocks;
DROP POLICY IF EXISTS everything ON rpmb_log;
DROP POLICY IF EXISTS own ON rpmb_devices;
DROP POLICY IF EXISTS own ON rpmb_blocks;
DROP POLICY IF EXISTS own ON rpmb_log;
DROP POLICY IF EXISTS own ON rpmb_confirm;

GRANT SELECT ON rpmb_schema, rpmb_devices, rpmb_blocks, rpmb_log, rpmb_hosts, rpmb_confirm
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
-- To find out whether the server counts. Nobody has a lock on what others change for that,
-- nor on a table, for which these would have to be rights on all of it.
GRANT INSERT (role, at), UPDATE (at) ON rpmb_confirm
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT UPDATE (sealed, counter, epoch, owner, token, ticket) ON rpmb_devices
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT INSERT, UPDATE (data) ON rpmb_blocks
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;
GRANT INSERT (guid, epoch, event, owner, counter) ON rpmb_log
	TO rpmb_serve, rpmb_serve_all, rpmb_manage;

GRANT INSERT, UPDATE (retired) ON rpmb_devices TO rpmb_manage;
GRANT DELETE ON rpmb_blocks TO rpmb_manage;
GRANT INSERT, DELETE ON rpmb_hosts TO rpmb_manage;

ALTER TABLE rpmb_devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE rpmb_blocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE rpmb_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE rpmb_confirm ENABLE ROW LEVEL SECURITY;

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

CREATE POLICY own ON rpmb_confirm TO rpmb_serve, rpmb_serve_all, rpmb_manage
	USING (role = current_user) WITH CHECK (role = current_user);

COMMIT;
