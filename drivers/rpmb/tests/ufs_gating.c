// SPDX-License-Identifier: GPL-2.0-only
/*
 * A UFS host whose clock stands while it has nothing to do
 *
 * ufshcd has the link hibernate and stops the clock then, for hosts that can have that,
 * and none on PCI can. This is for the host of tools/testing/rpmb-devices, whose clock
 * runs by a register of its own; it takes no other, and that one only when it is named
 * in driver_override.
 */
#include <linux/io.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <ufs/ufshcd.h>

#define UFS_GATING_CLOCK 0xc0

static int ufs_gating_setup_clocks(struct ufs_hba *hba, bool on,
				   enum ufs_notify_change_status status)
{
	/* It runs before anything counts on that, and stops when nothing does */
	if (status == (on ? PRE_CHANGE : POST_CHANGE))
		writel(on, hba->mmio_base + UFS_GATING_CLOCK);
	return 0;
}

/* Without an entry in its list of clocks ufshcd takes a host for one that has none */
static int ufs_gating_init(struct ufs_hba *hba)
{
	struct ufs_clk_info *clock;

	clock = devm_kzalloc(hba->dev, sizeof(*clock), GFP_KERNEL);
	if (!clock)
		return -ENOMEM;
	clock->name = KBUILD_MODNAME;
	list_add_tail(&clock->list, &hba->clk_list_head);
	hba->caps |= UFSHCD_CAP_CLK_GATING | UFSHCD_CAP_HIBERN8_WITH_CLK_GATING;
	return 0;
}

static const struct ufs_hba_variant_ops ufs_gating_vops = {
	.name = KBUILD_MODNAME,
	.init = ufs_gating_init,
	.setup_clocks = ufs_gating_setup_clocks,
};

/* Whoever had the host before may have left it with its clock stopped */
static int ufs_gating_start(struct pci_dev *pdev, void __iomem *mmio)
{
	struct ufs_hba *hba;
	int ret;

	writel(1, mmio + UFS_GATING_CLOCK);
	ret = ufshcd_alloc_host(&pdev->dev, &hba);
	if (ret)
		return ret;
	hba->vops = &ufs_gating_vops;
	return ufshcd_init(hba, mmio, pdev->irq);
}

static int ufs_gating_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void __iomem *mmio;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);
	mmio = pcim_iomap(pdev, 0, 0);
	if (!mmio)
		return -ENOMEM;
	ret = ufs_gating_start(pdev, mmio);
	if (ret)
		return ret;
	pm_runtime_put_noidle(&pdev->dev);
	pm_runtime_allow(&pdev->dev);
	return 0;
}

static void ufs_gating_remove(struct pci_dev *pdev)
{
	pm_runtime_forbid(&pdev->dev);
	pm_runtime_get_noresume(&pdev->dev);
	ufshcd_remove(pci_get_drvdata(pdev));
}

static const struct dev_pm_ops ufs_gating_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(ufshcd_system_suspend, ufshcd_system_resume)
	RUNTIME_PM_OPS(ufshcd_runtime_suspend, ufshcd_runtime_resume, NULL)
	.prepare = ufshcd_suspend_prepare,
	.complete = ufshcd_resume_complete,
};

static struct pci_driver ufs_gating_driver = {
	.name = KBUILD_MODNAME,
	.probe = ufs_gating_probe,
	.remove = ufs_gating_remove,
	.driver.pm = pm_ptr(&ufs_gating_pm_ops),
};

module_pci_driver(ufs_gating_driver);

MODULE_DESCRIPTION("UFS host with clock gating, for tests of RPMB");
MODULE_LICENSE("GPL");
