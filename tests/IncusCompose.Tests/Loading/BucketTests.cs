namespace IncusCompose.Tests.Loading;

/// <summary>Buckets and their keys, in the words of the file.</summary>
public class BucketTests
{
    private const string File = """
        buckets:
          assets:
            size: 10GiB
            keys:
              app: {role: admin, access_key: "${ACCESS}", secret_key: "${SECRET}", description: the app}
              web: read-only
          plain:
        """;

    private static readonly Dictionary<string, string> s_variables = new() { ["ACCESS"] = "app-1", ["SECRET"] = "hunter2" };

    [Fact]
    public void A_bucket_has_keys_with_roles_and_secrets_from_variables()
    {
        var buckets = StackText.Require(File, s_variables).Buckets;

        Assert.Equal("10GiB", buckets["assets"].Size);
        var app = buckets["assets"].Keys["app"];
        Assert.Equal(("admin", "the app", "app-1", "hunter2"), (app.Role, app.Description, app.AccessKey, app.SecretKey));
        Assert.Equal(("read-only", null), (buckets["assets"].Keys["web"].Role, buckets["assets"].Keys["web"].SecretKey));
        Assert.Empty(buckets["plain"].Keys);
    }

    [Fact]
    public void The_secrets_of_a_key_are_never_shown()
    {
        var stack = StackText.Require(File, s_variables);
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);

        Assert.DoesNotContain("hunter2", writer.ToString() + stack.Buckets["assets"].Keys["app"] + PlanText(stack), StringComparison.Ordinal);
        Assert.Contains("+ keys.app.role: admin", PlanText(stack), StringComparison.Ordinal);
    }

    private static string PlanText(Definition.StackDefinition stack) => Planning.PlanningWorld.Text(new Planning.PlanningWorld().With(new Incus.Client.StoragePool { Name = "default", Driver = "btrfs" }).Plan(stack));

    [Fact]
    public void Two_keys_of_a_bucket_have_no_access_key_in_common()
    {
        var found = Assert.Single(StackText.Load("buckets: {assets: {keys: {app: {access_key: me-myself}, web: {access_key: me-myself}, other: {access_key: else}}}}").Diagnostics).ToString();

        Assert.Contains("buckets.assets.keys.web.access_key: the key `app` has the same access key", found, StringComparison.Ordinal);
        Assert.DoesNotContain("me-myself", found, StringComparison.Ordinal);
    }
}
